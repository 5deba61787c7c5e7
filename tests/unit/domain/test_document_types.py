"""What a document is, by its bytes, and under which name it may be stored."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanlian.domain.document_types import (
    DOCX,
    JPEG,
    LONGEST_NAME,
    PDF,
    PNG,
    TEXT,
    TYPES,
    XLSX,
    ZIP,
    document_type,
    fitting_name,
)
from tanlian.domain.errors import InvalidInput


def archive(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"%PDF-1.7\n...", PDF),
        (b"\x89PNG\r\n\x1a\n\0\0", PNG),
        (b"\xff\xd8\xff\xe0\0", JPEG),
        (archive("word/document.xml", "[Content_Types].xml"), DOCX),
        (archive("xl/workbook.xml"), XLSX),
        (archive("readings.csv"), ZIP),
        ("排放报告\r\n1,2\t3".encode(), TEXT),
        (b"\xef\xbb\xbfa;b\n", TEXT),
    ],
)
def test_document_type__told_by_its_bytes(content, expected) -> None:
    assert document_type(content) is expected


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"MZ\x90\0\x03", "of this type are not kept"),
        (b"\x7fELF\x02", "of this type are not kept"),
        (b"text with a \0 in it", "of this type are not kept"),
        ("Ä".encode("latin-1"), "of this type are not kept"),
        (b"PK\x03\x04 and nothing else", "is damaged"),
        (archive("xl/workbook.xml", "xl/vbaProject.bin"), "has macros"),
        (archive("word/document.xml", "word/VBAPROJECT.BIN"), "has macros"),
    ],
)
def test_document_type__of_no_kept_type__refused(content, said) -> None:
    with pytest.raises(InvalidInput, match=said):
        document_type(content)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("报告 2024.pdf", PDF, "报告 2024.pdf"),
        ("REPORT.PDF", PDF, "REPORT.pdf"),
        ("report.exe", TEXT, "report.exe.txt"),
        ("../../etc/passwd", TEXT, "passwd.txt"),
        ("C:\\mine\\a.csv", TEXT, "a.csv"),
        ('a";\r\nSet-Cookie: x=1.pdf', PDF, "a;Set-Cookie x=1.pdf"),
        ("", PNG, "document.png"),
        ("...", JPEG, "document.jpg"),
    ],
)
def test_fitting_name__examples(name, kind, expected) -> None:
    assert fitting_name(name, kind) == expected


@given(st.text(max_size=300), st.sampled_from(list(TYPES.values())))
def test_fitting_name__whatever_was_sent__can_be_stored_and_ends_as_its_type(name, kind) -> None:
    found = fitting_name(name, kind)
    assert len(found) <= LONGEST_NAME
    assert found.endswith(kind.suffixes)
    assert not set('/\\"\r\n\0') & set(found)
    assert fitting_name(found, kind) == found
