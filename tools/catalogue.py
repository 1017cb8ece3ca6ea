"""Every governed tool of this installation."""

from tools import bench, changes, invoices, proposals, readiness, risk, staffing, timesheets

TOOLS = (
    *staffing.TOOLS,
    *bench.TOOLS,
    *risk.TOOLS,
    *changes.TOOLS,
    *timesheets.TOOLS,
    *invoices.TOOLS,
    *readiness.TOOLS,
    *proposals.TOOLS,
)
