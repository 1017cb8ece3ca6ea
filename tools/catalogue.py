"""Every governed tool of this installation."""

from tools import bench, invoices, proposals, readiness, risk, staffing

TOOLS = (
    *staffing.TOOLS,
    *bench.TOOLS,
    *risk.TOOLS,
    *invoices.TOOLS,
    *readiness.TOOLS,
    *proposals.TOOLS,
)
