"""The settings of the API and of its description."""

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["leads.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["billing_engine.core.api.access.NamedAudiences"],
    "DEFAULT_THROTTLE_CLASSES": ["leads.api.rate_limit.KeyThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["billing_engine.core.api.json_body.JsonBody"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "billing_engine.core.api.problems.problem_response",
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Lead Billing Engine",
    "DESCRIPTION": "Send leads and their actions. If unsure, send again: nothing is lost, and nothing is counted twice.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    # Fields of one name with different values: each set has its own name.
    "ENUM_NAME_OVERRIDES": {
        "QuarantineStateEnum": ["waiting", "repaired", "discarded"],
        "ActionStateEnum": ["quarantined", "waiting", "excluded", "charged", "invoiced", "discarded", "repaired"],
        "ItemOutcomeEnum": ["created", "updated", "duplicate", "conflict", "quarantined", "test"],
        "ChargeOutcomeEnum": ["charged", "excluded"],
        "InvoiceStandingEnum": "receivables.queries.customer_invoices.STANDINGS",
        "DisputeStateEnum": "receivables.models.dispute.Dispute.State",
        "DisputeStepEnum": "receivables.models.dispute.DisputeStep.Kind",
        "InvoiceLineKindEnum": ["charges", "minimum", "adjustment", "credit_line", "not_charged"],
        "LedgerKindEnum": "receivables.models.ledger.LedgerDocument.Kind",
        "ReportGroupEnum": "reports.domain.question.dimensions.GROUPS",
    },
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "leads.api.openapi.add_forms"],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
