"""A small demo firm, generated once for each test process."""

import pandas as pd
import pytest

from demo.firm import generate
from models.formats.firm import FILES
from models.formats.table import read_table
from tests.demo.generated import SCALE, TODAY, DemoFirm


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> DemoFirm:
    folder = tmp_path_factory.mktemp("demo")
    out, truth = folder / "firm", folder / "truth"
    summary = generate(out, truth, scale=SCALE, today=TODAY)
    tables = {spec.name: read_table(out / name, spec) for name, spec in FILES.items()}

    local = pd.read_csv(out / "time_entries.csv", usecols=["started_at"])["started_at"].str[:16]
    entries = tables["time_entries"].reset_index(drop=True)
    tables["time_entries"] = entries.assign(local_start=pd.to_datetime(local))
    return DemoFirm(out, truth, summary, tables)
