"""The types of documents that are kept, told by their bytes and never by their names."""

import re
import zipfile
from dataclasses import dataclass
from io import BytesIO

from tanlian.domain.errors import InvalidInput

LONGEST_NAME = 128
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_UNFIT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f"*:<>?|]')
_MACROS = "vbaproject.bin"


@dataclass(frozen=True, slots=True)
class DocumentType:
    """`kind` is how it is stored; a name ends in one of `suffixes`, the first where it does not."""

    kind: str
    media_type: str
    suffixes: tuple[str, ...]


PDF = DocumentType("pdf", "application/pdf", (".pdf",))
PNG = DocumentType("png", "image/png", (".png",))
JPEG = DocumentType("jpeg", "image/jpeg", (".jpg", ".jpeg"))
DOCX = DocumentType(
    "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", (".docx",)
)
XLSX = DocumentType(
    "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (".xlsx",)
)
ZIP = DocumentType("zip", "application/zip", (".zip", ".odt", ".ods"))
TEXT = DocumentType("text", "text/plain", (".txt", ".csv", ".json", ".xml", ".md"))
TYPES = {one.kind: one for one in (PDF, PNG, JPEG, DOCX, XLSX, ZIP, TEXT)}

_STARTS = ((b"%PDF-", PDF), (b"\x89PNG\r\n\x1a\n", PNG), (b"\xff\xd8\xff", JPEG))
_INSIDE = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX}


def document_type(content: bytes) -> DocumentType:
    """Return what a document is.

    Raises:
        InvalidInput: it is empty, of no type that is kept, or has macros.
    """
    if not content:
        raise InvalidInput("This file is empty; choose another one.")
    for start, found in _STARTS:
        if content.startswith(start):
            return found
    if content.startswith(b"PK\x03\x04"):
        return _archive(content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if _CONTROLS.search(text):
        raise InvalidInput(
            "Files of this type are not kept. Send PDF, PNG, JPEG, DOCX, XLSX, ZIP or text in "
            "UTF-8, or give the SHA-256 of a file that you keep yourself."
        )
    return TEXT


def fitting_name(name: str, kind: DocumentType) -> str:
    """Return a name under which a document can be stored by whoever opens it.

    What a path, a quote or a control character would do is taken out; it ends as its type does.
    """
    base = re.split(r"[/\\]", name)[-1]
    base = _UNFIT_IN_NAMES.sub("", base).strip(" .") or "document"
    suffix = next((s for s in kind.suffixes if base.lower().endswith(s)), kind.suffixes[0])
    stem = base[: -len(suffix)] if base.lower().endswith(suffix) else base
    return stem[: LONGEST_NAME - len(suffix)] + suffix


def _archive(content: bytes) -> DocumentType:
    try:
        names = zipfile.ZipFile(BytesIO(content)).namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InvalidInput("This archive is damaged; make it anew.") from error
    if any(name.lower().endswith(_MACROS) for name in names):
        raise InvalidInput("This file has macros; save it without them.")
    return next((kind for name, kind in _INSIDE.items() if name in names), ZIP)
