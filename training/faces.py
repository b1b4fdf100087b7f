"""Font discovery: which faces on this machine can draw Latin text, and what kind of print each one looks like.

A face counts only if it really draws A-Z and 0-9 as distinct shapes; symbol, barcode and icon fonts fall out. Faces
whose lower case is drawn as capitals keep their capitals only, so that a label never says "a" under a drawn "A".
"""

from __future__ import annotations

import json
import logging
import os
import re
import string
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from fontTools.ttLib import TTCollection, TTFont
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

FaceKind = Literal[
    "sans", "serif", "book", "mono", "condensed", "typewriter", "receipt", "dotmatrix", "hand", "display"
]
KINDS: tuple[FaceKind, ...] = get_args(FaceKind)
FOLDERS_VARIABLE = "OCR_DOC_FONTS"
"""Environment variable: more font folders, separated as in PATH."""

_SUFFIXES = (".ttf", ".otf", ".ttc", ".woff2", ".woff", ".pfb")
_PROBE_SIZE = 40
_LOG = logging.getLogger(__name__)
# Names that no glyph test tells apart: these draw something for "A", only not an A.
_EXCLUDED = (
    "barcode", "symbol", "dingbat", "math", "dseg7", "emoji", "icon", "awesome", "braille", "redacted", "music",
    "fontfabrik", "d05", "standardsymbols", "d050000", "webfont-variable", "feta", "weather", "keyboard", "monofett",
    "initials", "fifthhorseman", "hairline", "thin",
)  # fmt: skip
# First match wins; matched against "family style path" in lower case.
_KIND_WORDS: tuple[tuple[FaceKind, tuple[str, ...]], ...] = (
    ("dotmatrix", ("dotgothic", "doto", "matrix", "press start", "silkscreen", "sixtyfour", "vt323", "glass",
                   "dseg14")),
    ("typewriter", ("typewriter", "special elite", "cutive", "courier", "gnutypewriter", "compagnon", "nimbus mono",
                    "cousine", "freemono", "cmu typewriter", "lmmono", "latin modern mono", "tex gyre cursor")),
    ("receipt", ("share tech mono", "ocr", "3270", "b612 mono", "nova mono", "kode mono", "osifont", "routed gothic",
                 "overpass mono", "monofur", "saira condensed", "pragati")),
    ("mono", ("mono", "inconsolata", "hack", "hermit", "fira code", "source code", "code pro", "consol", "sometype")),
    ("condensed", ("condensed", "narrow", "compressed", "pathway gothic", "oswald", "fjalla", "teko", "league gothic",
                   "yanone", "bebas", "anton", "staatliches", "rajdhani", "abel", "francois")),
    ("hand", ("hand", "caveat", "script", "indie flower", "permanent marker", "great vibes", "courgette", "tangerine",
              "yellowtail", "satisfy", "kristi", "patrick", "gochi", "shadows into", "amatic", "comic", "isabella",
              "pacifico", "breip", "humor", "tomson", "summersby", "georgewilliams", "sjfonts", "dkg", "fifthhorseman",
              "tom's", "delphine", "steve", "zapf", "chancery", "lobster", "oleo", "italic bold script", "kaushan")),
    # The faces of old books, thick and thin strokes far apart: what a scan's threshold breaks.
    ("book", ("old standard", "cmu serif", "cmu classical", "latin modern roman", "lmroman", "computer modern", "c059",
              "schola", "baskerv", "bodoni", "playfair", "romande", "berenis", "essays", "linden", "goudy", "accanthis",
              "garamond", "caslon", "didot", "fell ", "prata", "oranienbaum", "rufina", "gupter", "chonburi", "gilda",
              "fanwood", "ibarra", "newsreader")),
    ("display", ("abril", "alfa slab", "bangers", "black ops", "bowlby", "bungee", "carter", "cinzel", "concert one",
                 "fredoka", "lalezar", "lilita", "luckiest", "orbitron", "patua", "paytone", "racing", "righteous",
                 "rubik mono", "russo", "stencil", "sigmar", "slackey", "syncopate", "titan", "ultra", "unbounded",
                 "yeseva", "zen dots", "stay puft", "staypuft", "archivo black", "secular", "quantico", "monoton",
                 "dustin", "beteckna", "okolaks", "tuffy bold", "jura", "ubuntu-title", "league spartan", "play")),
    ("sans", ("sans", "gothic", "arimo", "helvet", "arial", "roboto", "carlito", "lato", "poppins", "dejavu")),
    ("serif", ("serif", "roman", "times", "tinos", "termes", "garamond", "baskerv", "bodoni", "caladea", "slab",
               "libertine", "lora", "bitter", "spectral", "crimson", "merriweather", "domine", "playfair", "pagella",
               "bonum", "schola", "old standard", "stix", "vollkorn", "c059", "p052", "bookman", "rokkitt", "arvo",
               "essays", "goudy", "linden", "accanthis", "baskervald", "berenis", "romande", "tribun", "gelasio",
               "ibm plex serif", "prociono", "quattrocento", "frank ruhl", "bree", "junicode", "asana", "cmu concrete",
               "latin modern roman", "lmroman", "computer modern")),
)  # fmt: skip


# Some files carry their weight in the family name, which would make a family of each weight.
_WEIGHT = re.compile(r"\b(extra|ex|semi|demi)?(bold|light|medium|black|regular|cond)\b|\bcondensed condensed\b", re.I)


@dataclass(frozen=True, slots=True)
class Face:
    """One face of a font file.

    Attributes:
        path: The file, or "" for the face that Pillow carries itself.
        index: Which face of a collection.
        kind: What print it looks like, guessed from its names.
        family: Family name; faces of one family are picked as one, so that big families do not crowd the others out.
        bold: Whether its names say so.
        cap_height: Height of "H" as a fraction of the nominal size; makes faces of equal size look equally large.
        characters: What it draws, among Latin letters, digits and the signs of documents.
    """

    path: str
    index: int
    kind: FaceKind
    family: str = ""
    bold: bool = False
    cap_height: float = 0.7
    characters: frozenset[str] = frozenset()

    @property
    def slanted(self) -> bool:
        """Whether it is an italic, by its file's name."""
        return any(word in self.path.lower() for word in ("italic", "oblique", "slanted"))

    def __hash__(self) -> int:
        """By file alone: thousands of faces are hashed for each page."""
        return hash((self.path, self.index))

    def fit(self, text: str) -> str:
        """The text as this face can draw it: missing lower case raised, missing accents and signs dropped."""
        if not self.characters:
            return text
        return "".join(self._nearest(c) for c in text)

    def _nearest(self, character: str) -> str:
        if character == " " or character in self.characters:
            return character
        upper = character.upper()
        if len(upper) == 1 and upper in self.characters:
            return upper
        base = unicodedata.normalize("NFKD", character)[0]
        if base in self.characters:
            return base
        return base.upper() if base.upper() in self.characters else ""

    def load(self, size: float, shaped: bool = False) -> ImageFont.FreeTypeFont:
        """The face at a size in pixels, such that "H" is about 0.7 of it high.

        Args:
            size: Pixels of the em.
            shaped: Whether letters are joined into ligatures and set by the face's own rules, which takes longer;
                without the library for that they stand one by one all the same.
        """
        pixels = max(4.0, size * 0.7 / self.cap_height)
        if not self.path:
            return _default_font(pixels)
        engine = ImageFont.Layout.RAQM if shaped else ImageFont.Layout.BASIC
        return ImageFont.truetype(self.path, pixels, index=self.index, layout_engine=engine)


def find_faces(folders: Sequence[Path] | None = None, cache_file: Path | None = None) -> list[Face]:
    """Finds the faces that draw Latin text.

    Args:
        folders: Where to look, all subfolders included; None for `default_folders()`.
        cache_file: JSON file that keeps the answer between runs; files seen before are not opened again.

    Returns:
        Faces sorted by path; where there is none at all, the one that Pillow carries.
    """
    known = _read_cache(cache_file)
    found: dict[str, Face | None] = {}
    for path in _font_files(default_folders() if folders is None else folders):
        found[str(path)] = known[str(path)] if str(path) in known else _probe(path)
    if cache_file is not None and found != known:
        _write_cache(cache_file, {**known, **found})
    faces = sorted((face for face in found.values() if face is not None), key=lambda face: face.path)
    if not faces:
        _LOG.warning("no fonts found: all text is drawn in one face; training/install-fonts.sh installs many")
    return faces or [default_face()]


def default_folders() -> list[Path]:
    """Font folders of the system, of the user, and those named in the environment variable OCR_DOC_FONTS."""
    more = [Path(p) for p in os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep) if p]
    return [Path("/usr/share/fonts"), Path("~/.local/share/fonts").expanduser(), *more]


def default_face() -> Face:
    """The face that Pillow carries; always there."""
    face = Face(path="", index=0, kind="sans", family="default")
    font = _default_font(_PROBE_SIZE)
    box = font.getbbox("H", anchor="ls")
    # Pillow's face holds Latin-1 only in part; ASCII is certain.
    characters = frozenset(chr(c) for c in range(0x21, 0x7F))
    return Face(face.path, 0, face.kind, face.family, False, float(-box[1]) / _PROBE_SIZE, characters)


Groups = dict[FaceKind, dict[str, tuple[Face, ...]]]
# The groups of the faces asked for last. By identity: hashing a thousand faces costs more than drawing a word.
_recent: list[tuple[Sequence[Face], Groups]] = []


def by_kind(faces: tuple[Face, ...]) -> Groups:
    """The faces in groups: kind, then family."""
    if _recent and _recent[0][0] is faces:
        return _recent[0][1]
    groups: Groups = {}
    for face in faces:
        families = groups.setdefault(face.kind, {})
        families[face.family] = (*families.get(face.family, ()), face)
    _recent[:] = [(faces, groups)]
    return groups


def pick_face(
    rng: np.random.Generator, faces: tuple[Face, ...], kinds: dict[FaceKind, float], bold: bool | None = None
) -> Face:
    """Draws a kind by weight, a family of it, then a face of that.

    Args:
        rng: Source of chance.
        faces: Faces to choose from; not empty.
        kinds: Weight of each kind; kinds without faces are passed over.
        bold: Prefer faces that are (or are not) bold; None for no preference.
    """
    groups = by_kind(faces)
    usable = [kind for kind in kinds if kind in groups] or list(groups)
    weights = np.array([kinds.get(kind, 1.0) for kind in usable])
    families = groups[usable[int(rng.choice(len(usable), p=weights / weights.sum()))]]
    family = families[sorted(families)[int(rng.integers(len(families)))]]
    # Families bring as many italics as upright faces, documents do not.
    slanted = bool(rng.random() < 0.12)
    wanted = [face for face in family if face.slanted == slanted] or list(family)
    wanted = [face for face in wanted if bold is None or face.bold == bold] or wanted
    return wanted[int(rng.integers(len(wanted)))]


@cache
def _default_font(pixels: float) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(pixels)
    if not isinstance(font, ImageFont.FreeTypeFont):  # pragma: no cover - a Pillow built without FreeType
        raise RuntimeError("Pillow was built without FreeType")
    return font


def _font_files(folders: Iterable[Path]) -> list[Path]:
    files = [p for folder in folders if folder.is_dir() for p in folder.rglob("*") if p.suffix.lower() in _SUFFIXES]
    # Fontsource ships each face by script and in two packings: Latin in woff2 is enough.
    latin = [p for p in files if "@fontsource" not in p.parts or "-latin-" in p.name]
    packed = {p.with_suffix("") for p in latin if p.suffix == ".woff2"}
    return sorted(p for p in latin if not (p.suffix == ".woff" and p.with_suffix("") in packed))


def _probe(path: Path) -> Face | None:
    try:
        font = ImageFont.truetype(str(path), _PROBE_SIZE, layout_engine=ImageFont.Layout.BASIC)
        family, style = (part or "" for part in font.getname())
        names = f"{family} {style} {path.name} {path.parent.name}".lower()
        if any(word in names for word in _EXCLUDED):
            return None
        present = _mapped(path)
        if not present.issuperset(string.ascii_uppercase + string.digits):
            return None
        shapes = {c: _shape(font, c) for c in string.ascii_uppercase + string.digits}
        if any(shape.size == 0 for shape in shapes.values()) or len({s.tobytes() for s in shapes.values()}) < 33:
            return None
        cap_height = shapes["H"].shape[0] / _PROBE_SIZE
    except Exception:  # a damaged font can fail anywhere in two libraries; it is then no font for us
        return None
    if not _has_lower_case(font, present):
        present = frozenset(c for c in present if not c.islower())
    bold = any(word in names for word in ("bold", "black", "heavy", "-700-", "-800-", "-900-"))
    return Face(str(path), 0, _kind(names), _WEIGHT.sub("", family).strip(), bold, cap_height, present)


def _kind(names: str) -> FaceKind:
    for kind, words in _KIND_WORDS:
        if any(word in names for word in words):
            return kind
    return "sans"


def _mapped(path: Path) -> frozenset[str]:
    """Characters of Latin text that the face maps to a glyph."""
    if path.suffix.lower() == ".pfb":
        return frozenset(chr(c) for c in range(0x21, 0x7F))
    fonts = TTCollection(path, lazy=True).fonts if path.suffix.lower() == ".ttc" else [TTFont(path, lazy=True)]
    codes = fonts[0].getBestCmap() or {}
    ranges = ((0x21, 0x7F), (0xA1, 0x250), (0x1E00, 0x1F00), (0x2010, 0x2050), (0x20A0, 0x20D0), (0x2100, 0x2140))
    return frozenset(chr(c) for c in codes if any(a <= c < b for a, b in ranges) and c not in (0xAD, 0x2028, 0x2029))


def _shape(font: ImageFont.FreeTypeFont, character: str) -> NDArray[np.uint8]:
    """The ink of a character, cut to its extent; empty where there is none."""
    box = font.getbbox(character, anchor="ls")
    size = (max(1, int(box[2] - box[0])), max(1, int(box[3] - box[1])))
    image = Image.new("L", size)
    ImageDraw.Draw(image).text((-box[0], -box[1]), character, fill=255, font=font, anchor="ls")
    pixels = np.asarray(image)
    rows, columns = np.flatnonzero((pixels > 64).any(1)), np.flatnonzero((pixels > 64).any(0))
    if not len(rows):
        return np.zeros((0, 0), np.uint8)
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _has_lower_case(font: ImageFont.FreeTypeFont, present: frozenset[str]) -> bool:
    """Whether a, e, g, r are shapes of their own and not capitals, small capitals included."""
    if not present.issuperset(string.ascii_lowercase):
        return False
    alike = 0
    for lower in "aegr":
        pair = [_shape(font, c) for c in (lower, lower.upper())]
        if any(p.size == 0 for p in pair):
            return False
        small, large = (np.asarray(Image.fromarray(p).resize((32, 32))) > 127 for p in pair)
        alike += int((small & large).sum() / max(1, (small | large).sum()) > 0.75)
    return alike < 3


def _read_cache(cache_file: Path | None) -> dict[str, Face | None]:
    if cache_file is None or not cache_file.is_file():
        return {}
    faces: dict[str, Face | None] = {}
    for path, entry in json.loads(cache_file.read_text(encoding="utf-8")).items():
        if entry is None:
            faces[path] = None
        else:
            index, kind, family, bold, cap_height, characters = entry
            faces[path] = Face(path, index, kind, family, bold, cap_height, frozenset(characters))
    return faces


def _write_cache(cache_file: Path, faces: dict[str, Face | None]) -> None:
    entries = {
        path: f and [f.index, f.kind, f.family, f.bold, f.cap_height, "".join(sorted(f.characters))]
        for path, f in faces.items()
    }
    cache_file.parent.mkdir(parents=True, exist_ok=True)
    partial = cache_file.with_name(f"{cache_file.name}.{os.getpid()}")
    partial.write_text(json.dumps(entries), encoding="utf-8")
    partial.replace(cache_file)
