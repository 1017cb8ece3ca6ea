"""Every governed tool of this installation."""

from tools import bench, invoices, proposals, readiness, staffing

TOOLS = (
    *staffing.TOOLS,
    *bench.TOOLS,
    *invoices.TOOLS,
    *readiness.TOOLS,
    *proposals.TOOLS,
)
