"""What can be seen from outside: structured logs, traces and metrics.

Logs carry the request, principal and proposal ids that are bound to the context, never personal data beyond
ids and never secrets. Traces go to an OTLP endpoint when one is set. Metrics are Prometheus', on /metrics."""

import logging
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, Literal

import structlog
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span
from prometheus_client import Counter, Histogram

REQUESTS = Counter("chargehand_http_requests_total", "HTTP requests.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram("chargehand_http_request_seconds", "Time to answer.", ["method", "route"])
TURNS = Counter("chargehand_turns_total", "Conversation turns.", ["surface", "outcome"])
TURN_SECONDS = Histogram("chargehand_turn_seconds", "Time of a conversation turn.", ["surface"])
TOOL_CALLS = Counter("chargehand_tool_calls_total", "Calls of governed tools.", ["tool", "outcome"])

_SECRET_WORDS = ("token", "secret", "password", "authorization", "cookie", "api_key")

tracer = trace.get_tracer("chargehand")


def configure_logging(style: Literal["json", "console"], level: str) -> None:
    """Send every log, ours and the libraries', to stderr in one shape."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _trace_ids,
        _without_secrets,
    ]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if style == "json"
        # Tracebacks without locals: those may hold personal data.
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for noisy in ("httpx", "httpcore", "uvicorn.access", "procrastinate", "fontTools"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def configure_tracing(endpoint: str | None, service: str) -> None:
    """Export spans to an OTLP endpoint; without one, spans exist but go nowhere."""
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    if endpoint:
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")))
    trace.set_tracer_provider(provider)


@contextmanager
def span(name: str, **attributes: str | int | float) -> Iterator[Span]:
    """A span of our own, named as OpenTelemetry's conventions name such things."""
    with tracer.start_as_current_span(name, attributes=attributes) as current:
        yield current


def outgoing(headers: dict[str, str]) -> dict[str, str]:
    """Headers of a request to another process of ours: the same trace goes on there."""
    propagate.inject(headers)
    return headers


@contextmanager
def continued(headers: Mapping[str, str], name: str) -> Iterator[Span]:
    """A span that goes on with the trace of whoever sent the request."""
    with tracer.start_as_current_span(name, context=propagate.extract(headers)) as current:
        yield current


def _trace_ids(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = f"{context.trace_id:032x}"
    return event


def _without_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in event:
        if any(word in key.lower() for word in _SECRET_WORDS):
            event[key] = "[hidden]"
    return event
