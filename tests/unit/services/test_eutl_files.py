"""Reading the EUTL's files: good rows kept, each bad row named, an atomic import refused whole."""

from pathlib import Path

import pytest

from tanlian.domain.errors import NotFound
from tanlian.services.eutl_files import FileNotUsable, RowsRefused, select_members

INSTALLATIONS = (
    "installation_id,country,name,operator,city,activity_code,lat,lon,coord_src,account_status"
)
COMPLIANCE = (
    "installation_id,year,allocation,verified_emissions,units_surrendered,cum_verified,"
    "cum_surrendered,compliance_code"
)
GOOD_INSTALLATION = 'DE_1,DE,"Werk, Nord",Betreiber,Köln,20,50.9,6.9,registry,open'
GOOD_YEAR = "DE_1,2020,100,130,130,1,1,A"


def write(folder: Path, installations: list[str], years: list[str]) -> Path:
    (folder / "eutl_installations.csv").write_text(
        "\n".join([INSTALLATIONS, *installations]) + "\n", encoding="utf-8"
    )
    (folder / "eutl_compliance_2018_2020.csv").write_text(
        "\n".join([COMPLIANCE, *years]) + "\n", encoding="utf-8"
    )
    return folder


def select(folder: Path, **options):
    return select_members(folder, registry="DE", year=2020, **options)


def test_select_members__good_rows__keeps_names_and_figures(tmp_path):
    chosen = select(write(tmp_path, [GOOD_INSTALLATION], [GOOD_YEAR, "DE_1,2019,7,8,8,1,1,A"]))
    assert chosen.errors == []
    (member,) = chosen.members
    assert member.installation.name == "Werk, Nord"
    assert member.installation.region == 0x4445
    assert (member.year.allocation_t, member.year.verified_t) == (100, 130)


def test_select_members__empty_allocation__reads_zero(tmp_path):
    chosen = select(write(tmp_path, [GOOD_INSTALLATION], ["DE_1,2020,,130,130,,,A"]))
    assert chosen.members[0].year.allocation_t == 0


def test_select_members__not_reported__listed_apart(tmp_path):
    second = GOOD_INSTALLATION.replace("DE_1", "DE_2")
    chosen = select(write(tmp_path, [GOOD_INSTALLATION, second], [GOOD_YEAR, "DE_2,2020,5,,,,,C"]))
    assert chosen.not_reported == ["DE_2"]
    assert [m.installation.installation_id for m in chosen.members] == ["DE_1"]


def test_select_members__limit__takes_the_first_in_file_order(tmp_path):
    rows = [GOOD_INSTALLATION.replace("DE_1", f"DE_{n}") for n in range(1, 6)]
    years = [GOOD_YEAR.replace("DE_1", f"DE_{n}") for n in range(1, 6)]
    chosen = select(write(tmp_path, rows, years), limit=3)
    assert [m.installation.installation_id for m in chosen.members] == ["DE_1", "DE_2", "DE_3"]


BAD_INSTALLATIONS = [
    ("de_2,de,Werk,B,C,20,,,,open", "not_a_country", "country"),
    ("DE_x,DE,Werk,B,C,20,,,,open", "not_an_installation_id", "installation_id"),
    ("FR_2,DE,Werk,B,C,20,,,,open", "country_mismatch", "country"),
    ("DE_2,DE, ,B,C,20,,,,open", "missing", "name"),
    ("DE_2,DE,Werk,B,C,2O,,,,open", "not_a_whole_number", "activity_code"),
    ("DE_2,DE,Werk,B,C,1000,,,,open", "too_large", "activity_code"),
    ("DE_2,DE,Werk,B,C,20,91,6,,open", "not_a_coordinate", "lat"),
    ("DE_2,DE,Werk,B,C,20,50,6.x,,open", "not_a_coordinate", "lon"),
    ("DE_2,DE,Werk,B,C,20,,,open", "wrong_number_of_fields", ""),
    ("DE_2,DE,Werk,B,C,20,,,,open,more", "wrong_number_of_fields", ""),
    ('DE_2,DE,"Werk,B,C,20,,,,open', "not_csv", ""),
    (GOOD_INSTALLATION, "duplicate", "installation_id"),
]


@pytest.mark.parametrize(("row", "reason", "column"), BAD_INSTALLATIONS)
def test_select_members__malformed_installation__named_and_the_rest_kept(
    tmp_path, row, reason, column
):
    third = GOOD_INSTALLATION.replace("DE_1", "DE_3")
    folder = write(
        tmp_path,
        [GOOD_INSTALLATION, row, third],
        [GOOD_YEAR, GOOD_YEAR.replace("DE_1", "DE_3")],
    )
    chosen = select(folder)
    (error,) = chosen.errors
    assert (error.file, error.line) == ("eutl_installations.csv", 3)
    assert (error.reason, error.column) == (reason, column)
    assert [m.installation.installation_id for m in chosen.members] == ["DE_1", "DE_3"]
    with pytest.raises(RowsRefused) as refused:
        select(folder, atomic=True)
    assert refused.value.errors == [error]


BAD_YEARS = [
    ("DE_2,2020,-1,130,130,1,1,A", "not_a_whole_number", "allocation"),
    ("DE_2,2020,1.5,130,130,1,1,A", "not_a_whole_number", "allocation"),
    ("DE_2,2020,1_000,130,130,1,1,A", "not_a_whole_number", "allocation"),
    ("DE_2,2020, 1,130,130,1,1,A", "not_a_whole_number", "allocation"),
    ("DE_2,2020,١,130,130,1,1,A", "not_a_whole_number", "allocation"),
    ("DE_2,2020,1e6,130,130,1,1,A", "not_a_whole_number", "allocation"),
    ("DE_2,2020,1,130t,130,1,1,A", "not_a_whole_number", "verified_emissions"),
    ("DE_2,2020,1,100000000001,130,1,1,A", "too_large", "verified_emissions"),
    ("DE_2,2020,1,130,x,1,1,A", "not_a_whole_number", "units_surrendered"),
    ("DE_2,2020,1,130,130,x,1,A", "not_a_whole_number", "cum_verified"),
    ("DE_2,2020,1,130,130,1,x,A", "not_a_whole_number", "cum_surrendered"),
    ("DE_2,2004,1,130,130,1,1,A", "year_out_of_range", "year"),
    ("DE_2,2101,1,130,130,1,1,A", "too_large", "year"),
    ("DE_2,20,1,130,130,1,1,A", "year_out_of_range", "year"),
    ("DE_2,2020,1,130,130,1,1,Z", "unknown_compliance_code", "compliance_code"),
    ("DE2,2020,1,130,130,1,1,A", "not_an_installation_id", "installation_id"),
    ("DE_9,2020,1,130,130,1,1,A", "unknown_installation", "installation_id"),
    ("DE_1,2020,1,130,130,1,1,A", "duplicate", "installation_id"),
    ("DE_2,2020,1,130,130,1,1", "wrong_number_of_fields", ""),
    ('DE_2,2020,"1,130,130,1,1,A', "not_csv", ""),
]


@pytest.mark.parametrize(("row", "reason", "column"), BAD_YEARS)
def test_select_members__malformed_year__named_and_the_rest_kept(tmp_path, row, reason, column):
    rows = [GOOD_INSTALLATION.replace("DE_1", f"DE_{n}") for n in (1, 2, 3)]
    folder = write(tmp_path, rows, [GOOD_YEAR, row, GOOD_YEAR.replace("DE_1", "DE_3")])
    chosen = select(folder)
    (error,) = chosen.errors
    assert (error.file, error.line) == ("eutl_compliance_2018_2020.csv", 3)
    assert (error.reason, error.column) == (reason, column)
    assert f"eutl_compliance_2018_2020.csv:3: {reason}" in str(error)
    assert [m.installation.installation_id for m in chosen.members] == ["DE_1", "DE_3"]
    with pytest.raises(RowsRefused):
        select(folder, atomic=True)


def test_select_members__missing_column__file_refused(tmp_path):
    folder = write(tmp_path, [GOOD_INSTALLATION], [GOOD_YEAR])
    (folder / "eutl_compliance_2018_2020.csv").write_text("installation_id,year\nDE_1,2020\n")
    with pytest.raises(FileNotUsable) as refused:
        select(folder)
    assert refused.value.fields["missing"][0] == "allocation"


def test_select_members__not_utf8__file_refused(tmp_path):
    folder = write(tmp_path, [GOOD_INSTALLATION], [GOOD_YEAR])
    (folder / "eutl_installations.csv").write_bytes(INSTALLATIONS.encode() + b"\nK\xf6ln\n")
    with pytest.raises(FileNotUsable, match="not UTF-8"):
        select(folder)


def test_select_members__empty_file__file_refused(tmp_path):
    folder = write(tmp_path, [GOOD_INSTALLATION], [GOOD_YEAR])
    (folder / "eutl_installations.csv").write_text("")
    with pytest.raises(FileNotUsable, match="it has none"):
        select(folder)


@pytest.mark.parametrize("name", ["eutl_installations.csv", "eutl_compliance_2018_2020.csv"])
def test_select_members__missing_file__says_which(tmp_path, name):
    folder = write(tmp_path, [GOOD_INSTALLATION], [GOOD_YEAR])
    (folder / name).unlink()
    with pytest.raises(NotFound, match="There is no"):
        select(folder)


def test_select_members__nobody_in_that_year__says_what_to_check(tmp_path):
    folder = write(tmp_path, [GOOD_INSTALLATION], [GOOD_YEAR])
    with pytest.raises(NotFound, match="Check --registry and --year"):
        select_members(folder, registry="FR", year=2020)


def test_select_members__byte_order_mark_and_crlf__read_alike(tmp_path):
    folder = write(tmp_path, [GOOD_INSTALLATION], [GOOD_YEAR])
    for path in folder.glob("*.csv"):
        text = path.read_text(encoding="utf-8").replace("\n", "\r\n")
        path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert len(select(folder).members) == 1
    assert select(folder).errors == []
