"""A policy pack as the engine sees it: Pulumi's analyzer protocol over our rules.

Pulumi's own `pulumi_policy` package reads all properties anew for each policy, and turns a policy that meets
an unknown value into a note. Here they are read once, each part of a resource is decided by itself, and in an
update nothing stays undecided.

Protocol: https://pulumi-developer-docs.readthedocs.io (proto/pulumi/analyzer.proto).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import grpc
from google.protobuf import empty_pb2, struct_pb2
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc, plugin_pb2

from mlops_policy import wire
from mlops_policy.errors import BadConfig, RuleFault
from mlops_policy.exemptions import SCHEMA
from mlops_policy.judging import EXEMPTIONS, LATER, Configured, Finding, Judge, Outcome, configured
from mlops_policy.resources import Resource, Stack
from mlops_policy.rules import Level, Rule, Severity, schema_of
from mlops_policy.stack_config import STACK_KEY, from_stack
from mlops_policy.views import MISSING

EXPIRED, UNUSED = "exemption-expired", "exemption-unused"
_LEVELS = {
    Level.ADVISORY: analyzer_pb2.ADVISORY,
    Level.MANDATORY: analyzer_pb2.MANDATORY,
    Level.REMEDIATE: analyzer_pb2.REMEDIATE,
    Level.DISABLED: analyzer_pb2.DISABLED,
}
_SEVERITIES = {
    Severity.LOW: analyzer_pb2.POLICY_SEVERITY_LOW,
    Severity.MEDIUM: analyzer_pb2.POLICY_SEVERITY_MEDIUM,
    Severity.HIGH: analyzer_pb2.POLICY_SEVERITY_HIGH,
    Severity.CRITICAL: analyzer_pb2.POLICY_SEVERITY_CRITICAL,
}
_OWN = {
    EXPIRED: ("An exemption ends on its day.", Level.MANDATORY),
    UNUSED: ("An exemption hides something.", Level.ADVISORY),
}


class Analyzer(analyzer_pb2_grpc.AnalyzerServicer):
    """One pack in one preview or update.

    The configuration of the stack gives what the rules are configured with; that of the pack goes before it.
    """

    def __init__(
        self,
        name: str,
        version: str,
        rules: Sequence[Rule],
        *,
        today: datetime.date,
    ) -> None:
        self._name, self._version, self._rules, self._today = name, version, list(rules), today
        self._initial: Mapping[str, Mapping[str, Any]] = {}
        self._preview = True
        self._inputs: dict[str, Mapping[str, Any]] = {}
        self._levels = {rule.name: rule.level for rule in rules} | {
            key: level for key, (_, level) in _OWN.items()
        }
        self._use(configured(rules, {}))

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return analyzer_pb2.AnalyzerHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=self._version)

    def GetAnalyzerInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        info = analyzer_pb2.AnalyzerInfo(
            name=self._name, version=self._version, supportsConfig=True, policies=map(described, self._rules)
        )
        for name, (says, level) in _OWN.items():
            info.policies.add(
                name=name,
                description=says,
                enforcementLevel=_LEVELS[level],
                policy_type=analyzer_pb2.POLICY_TYPE_STACK,
            )
        for name, level in self._levels.items():
            info.initialConfig[name].enforcementLevel = _LEVELS[level]
            info.initialConfig[name].properties.update(self._initial.get(name, {}))
        return info

    def ConfigureStack(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._preview = request.dry_run
        try:
            levels, self._initial = from_stack(request.config, self._rules)
            self._levels |= levels
            self._use(configured(self._rules, self._initial))
        except BadConfig as error:
            _refuse(context, f"{STACK_KEY}: {error}")
        return analyzer_pb2.AnalyzerStackConfigureResponse()

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        given = {
            name: MessageToDict(one.properties)
            for name, one in request.policyConfig.items()
            if name not in _OWN
        }
        names = {number: level for level, number in _LEVELS.items()}
        self._levels |= {name: names[one.enforcementLevel] for name, one in request.policyConfig.items()}
        try:
            self._use(configured(self._rules, given))
        except BadConfig as error:
            _refuse(context, str(error))
        return empty_pb2.Empty()

    def Analyze(self, request: Any, context: grpc.ServicerContext) -> Any:
        resource = resource_of(request)
        self._inputs[resource.urn] = resource.props
        try:
            found = self._judge.resource(resource)
        except RuleFault as fault:
            _refuse(context, str(fault))
        return analyzer_pb2.AnalyzeResponse(diagnostics=self._told(found))

    def AnalyzeStack(self, request: Any, context: grpc.ServicerContext) -> Any:
        stack = Stack(map(self._of_stack, request.resources), self._today)
        try:
            found = self._judge.stack(stack)
        except RuleFault as fault:
            _refuse(context, str(fault))
        own = [(EXPIRED, self._judge.expired()), (UNUSED, self._judge.unused())]
        return analyzer_pb2.AnalyzeResponse(
            diagnostics=[
                *self._told(found),
                *(self._diagnostic(name, _OWN[name][0], line) for name, lines in own for line in lines),
            ]
        )

    def Remediate(self, request: Any, context: grpc.ServicerContext) -> Any:
        response = analyzer_pb2.RemediateResponse()
        resource, mended = resource_of(request), struct_pb2.Struct()
        mended.CopyFrom(request.properties)
        for rule in self._rules:
            if self._levels[rule.name] is Level.REMEDIATE and rule.fix is not MISSING:
                try:
                    paths = list(fixable(self._judge, rule, resource))
                except RuleFault as fault:
                    _refuse(context, str(fault))
                for path in paths:
                    wire.put(mended, path, rule.fix)
                if paths:
                    response.remediations.add(
                        policyName=rule.name,
                        policyPackName=self._name,
                        policyPackVersion=self._version,
                        description=f"{rule.says} Set to {rule.fix!r}: {', '.join(paths)}.",
                        properties=mended,
                    )
        return response

    def _of_stack(self, message: Any) -> Resource:
        """A resource as it is; where its provider is not known yet, a preview has the inputs alone."""
        resource = resource_of(message)
        return resource if resource.props else replace(resource, props=self._inputs.get(resource.urn, {}))

    def _use(self, rules: Iterable[Configured]) -> None:
        chosen = [each for each in rules if self._levels[each.rule.name] is not Level.DISABLED]
        self._judge = Judge(chosen, self._today)

    def _told(self, found: Iterable[Finding]) -> Iterator[Any]:
        for finding in found:
            rule = finding.rule
            if finding.outcome is Outcome.VIOLATION:
                message = f"{finding.message}\n{rule.remedy}"
                yield self._diagnostic(rule.name, rule.says, message, finding.urn, rule.severity)
            elif finding.outcome is Outcome.UNDECIDED and self._preview:
                message = f"{finding.message}; {LATER}, before anything that it is about is made"
                yield self._diagnostic(
                    rule.name, rule.says, message, finding.urn, rule.severity, Level.ADVISORY
                )
            elif finding.outcome is Outcome.UNDECIDED:
                message = f"{finding.message}, although this is an update"
                yield self._diagnostic(rule.name, rule.says, message, finding.urn, rule.severity)

    def _diagnostic(
        self,
        name: str,
        says: str,
        message: str,
        urn: str = "",
        severity: Severity | None = None,
        level: Level | None = None,
    ) -> Any:
        level = level or self._levels[name]
        return analyzer_pb2.AnalyzeDiagnostic(
            policyName=name,
            policyPackName=self._name,
            policyPackVersion=self._version,
            description=says,
            message=f"{says}\n{message}",
            urn=urn,
            # Remediations come before; what is still not mended is a violation like any other.
            enforcementLevel=_LEVELS[Level.MANDATORY if level is Level.REMEDIATE else level],
            severity=_SEVERITIES[severity] if severity else analyzer_pb2.POLICY_SEVERITY_UNSPECIFIED,
        )


def resource_of(message: Any) -> Resource:
    """The resource of an `AnalyzeRequest` or of an `AnalyzerResource`."""
    references = getattr(message, "propertyDependencies", None) or {}
    return Resource(
        urn=message.urn,
        type=message.type,
        name=message.name,
        props=wire.properties(message.properties),
        protect=message.options.protect,
        references={key: tuple(found.urns) for key, found in references.items()},
        custom=message.HasField("provider"),
    )


def described(rule: Rule) -> Any:
    """What the engine is told of a rule."""
    stack, single = analyzer_pb2.POLICY_TYPE_STACK, analyzer_pb2.POLICY_TYPE_RESOURCE
    info = analyzer_pb2.PolicyInfo(
        name=rule.name,
        description=rule.says,
        enforcementLevel=_LEVELS[rule.level],
        severity=_SEVERITIES[rule.severity],
        policy_type=stack if rule.across else single,
        remediation_steps=rule.remedy,
        tags=[f"{each.name} {each.control}" for each in rule.frameworks],
    )
    if rule.frameworks:
        info.framework.name = rule.frameworks[0].name
        info.framework.specification = rule.frameworks[0].control
    info.configSchema.properties.update({**schema_of(rule), EXEMPTIONS: SCHEMA})
    return info


def fixable(judge: Judge, rule: Rule, resource: Resource) -> Iterator[str]:
    """Paths at which `rule` is broken and may be mended."""
    if not rule.applies(resource.type) or not any(
        each.rule is rule and each.outcome is Outcome.VIOLATION for each in judge.resource(resource)
    ):
        return
    for view in rule.parts(resource):
        for place in view.places(rule.path):
            if place.raw != rule.fix:
                yield place.path


def _refuse(context: grpc.ServicerContext, message: str) -> NoReturn:
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, message)
    raise AssertionError("abort raises")
