"""A vendor's model file as text: encodings told apart, encrypted and binary files refused."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

# What stands at the beginning of a line of a file, or a part of one, that only its own simulator can decrypt.
_ENCRYPTED = re.compile(
    r"^\s*(?P<mark>\$CDNENCSTART|\*{0,2}\s*\$ENCRYPTED_LIB|\*\s*LTspice Encrypted File|\.prot(?:ect)?\b|"
    r"\*?\s*Begin:\s*$)",
    re.IGNORECASE | re.MULTILINE,
)
_PROGRAM_OF = {"$": "PSpice", "*": "LTspice", ".": "HSPICE"}
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def read_model_text(path: Path) -> str:
    """The text of a model file.

    Parameters
    ----------
    path : Path
        An existing file in UTF-8, UTF-16 (which LTspice writes) or a Windows code page.

    Returns
    -------
    str
        With line feeds only.

    Raises
    ------
    ValueError
        When the file is empty, encrypted, or no text.
    """
    content = path.read_bytes()
    text = _decoded(content)
    # The mark is plain text also where the rest is binary.
    encrypted = _ENCRYPTED.search(text)
    if encrypted:
        mark = encrypted["mark"].strip()
        program = "PSpice" if "$" in mark else _PROGRAM_OF[mark[0] if mark[0] in "*." else "*"]
        raise ValueError(
            f"model file {str(path)!r} is encrypted for {program} ({mark!r}), which no other simulator can read: ask "
            "the vendor for a plain SPICE model"
        )
    bad = _CONTROL.search(text)
    if bad:
        raise ValueError(
            f"model file {str(path)!r} is no text (it holds the byte {bad.group()!r}): give a SPICE model file such as "
            "part.lib, unpacked"
        )
    if not text.strip():
        raise ValueError(f"model file {str(path)!r} is empty")
    return re.sub(r"\r\n|\r|\x0c|\x0b", "\n", text)


def _decoded(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    # LTspice leaves the mark out at times: half of the bytes of plain text are zero then, all on one side.
    if len(content) > 3 and len(content) % 2 == 0:
        for half, encoding in ((content[1::2], "utf-16-le"), (content[::2], "utf-16-be")):
            if half.count(0) > 0.9 * len(half):
                return content.decode(encoding, errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
