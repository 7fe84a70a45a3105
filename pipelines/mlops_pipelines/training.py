"""The model: gradient-boosted trees, which take missing values as they come.

`compare` is the evidence for that choice and runs with every training: against a logistic regression
(imputed, scaled) the trees have the lower log loss in cross-validation on the training rows. One
thread trains: the table is small, and on a busy machine threads that wait for each other took forty
times as long.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from mlops_pipelines.columns import CATEGORICAL, NUMERIC
from mlops_pipelines.mortgage import Table

PARAMETERS: Mapping[str, float | int] = {
    "learning_rate": 0.05,
    "max_iter": 120,
    "max_leaf_nodes": 4,
    "min_samples_leaf": 20,
    "l2_regularization": 1.0,
    "random_state": 0,
}
FOLDS = 5
CHOSEN, OTHER = "boosting", "logistic"


def estimator(categories: list[Any]) -> Pipeline:
    """The untrained pipeline over a feature matrix; `categories` are the codes of each categorical column."""
    return _pipeline(categories, "passthrough", HistGradientBoostingClassifier(**PARAMETERS))


def fit(train: Table) -> Pipeline:
    """Train on a table; the same table gives the same model."""
    with threadpool_limits(limits=1):
        return estimator(known_codes(train)).fit(train.features, train.labels)


def compare(train: Table) -> dict[str, float]:
    """Cross-validated log loss and ROC AUC of the chosen model and of the simplest rival, by name."""
    codes = known_codes(train)
    scaled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    rivals = {CHOSEN: estimator(codes), OTHER: _pipeline(codes, scaled, LogisticRegression(max_iter=2000))}
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=int(PARAMETERS["random_state"]))
    found: dict[str, float] = {}
    for name, model in rivals.items():
        with threadpool_limits(limits=1):
            scores = cross_validate(
                model, train.features, train.labels, cv=folds, scoring=("neg_log_loss", "roc_auc")
            )
        found[f"cv.{name}.log_loss"] = float(-scores["test_neg_log_loss"].mean())
        found[f"cv.{name}.roc_auc"] = float(scores["test_roc_auc"].mean())
    return found


def known_codes(train: Table) -> list[Any]:
    """Codes that occur in training, ascending, for each categorical column; any other encodes to zeros."""
    columns = train.features[:, len(NUMERIC) :].T
    return [np.unique(column[~np.isnan(column)]) for column in columns]


def _pipeline(categories: list[Any], prepare: Any, model: BaseEstimator) -> Pipeline:
    numeric = list(range(len(NUMERIC)))
    coded = list(range(len(NUMERIC), len(NUMERIC) + len(CATEGORICAL)))
    encoder = OneHotEncoder(
        categories=categories, handle_unknown="ignore", sparse_output=False, dtype=np.float32
    )
    columns = ColumnTransformer([("numeric", prepare, numeric), ("coded", encoder, coded)])
    return Pipeline([("columns", columns), ("model", model)])
