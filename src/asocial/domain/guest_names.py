"""Names for people who chose none, in the language of their page (W123): an adjective and an animal.

An animal is followed by its gender where the adjective depends on it.
"""

from __future__ import annotations

from collections.abc import Callable

_ENGLISH = (
    "amber", "brave", "bright", "calm", "clear", "clever", "cosy", "curious", "dapper", "daring", "deft",
    "eager", "early", "fabled", "fleet", "gentle", "glad", "golden", "honest", "humble", "idle", "jolly",
    "keen", "kind", "late", "light", "lively", "loyal", "lucky", "mellow", "merry", "mild", "misty", "nimble",
    "noble", "patient", "plucky", "polite", "proud", "quick", "quiet", "rapid", "rare", "rosy", "sage",
    "shy", "silent", "silver", "sleepy", "sly", "snug", "soft", "spry", "starry", "steady", "sunny", "swift",
    "tender", "tidy", "upbeat", "velvet", "warm", "wise", "witty",
)  # fmt: skip
_ENGLISH_ANIMALS = (
    "badger", "bat", "bear", "beaver", "bison", "cat", "crane", "crow", "deer", "dingo", "dolphin", "dove",
    "duck", "eagle", "egret", "elk", "falcon", "ferret", "finch", "fox", "frog", "gecko", "goose", "hare",
    "hawk", "hedgehog", "heron", "ibex", "ibis", "jackal", "jay", "kestrel", "kiwi", "koala", "lark", "lemur",
    "lynx", "magpie", "marten", "mole", "moose", "moth", "newt", "otter", "owl", "panda", "pika", "plover",
    "puffin", "quail", "rabbit", "raven", "robin", "seal", "shrew", "snipe", "stoat", "swan", "tapir",
    "toad", "vole", "walrus", "wren", "yak",
)  # fmt: skip

_GERMAN = (
    "brav", "bunt", "ehrlich", "eifrig", "fein", "fesch", "findig", "fleißig", "flink", "flott", "forsch",
    "freundlich", "froh", "fröhlich", "früh", "geduldig", "gelassen", "gemütlich", "gesellig", "glücklich",
    "golden", "heiter", "hell", "herzlich", "höflich", "keck", "klar", "klein", "klug", "kühn", "kundig",
    "lebhaft", "leicht", "leis", "lieb", "listig", "lustig", "mild", "mutig", "nett", "neugierig", "pfiffig",
    "quirlig", "rasch", "redlich", "ruhig", "samtig", "sanft", "schlau", "schnell", "schüchtern", "silbern",
    "sonnig", "still", "stolz", "tapfer", "treu", "verträumt", "wach", "warm", "weich", "wendig", "witzig",
    "zart",
)  # fmt: skip
_GERMAN_ENDINGS = {"r": "er", "e": "e", "s": "es"}
_GERMAN_ANIMALS = (
    "Adler r", "Amsel e", "Bär r", "Biber r", "Dachs r", "Delfin r", "Dingo r", "Drossel e", "Eichhörnchen s",
    "Elch r", "Elster e", "Ente e", "Eule e", "Falke r", "Fink r", "Fledermaus e", "Frettchen s", "Frosch r",
    "Fuchs r", "Gans e", "Gecko r", "Habicht r", "Häher r", "Hase r", "Hirsch r", "Hummel e", "Ibis r", "Igel r",
    "Kaninchen s", "Katze e", "Kiwi r", "Koala r", "Krähe e", "Kranich r", "Kröte e", "Lama s", "Lemur r",
    "Lerche e", "Libelle e", "Luchs r", "Marder r", "Maulwurf r", "Meise e", "Molch r", "Möwe e", "Otter r",
    "Panda r", "Pinguin r", "Puma r", "Rabe r", "Reh s", "Reiher r", "Robbe e", "Rotkehlchen s", "Schwalbe e",
    "Schwan r", "Specht r", "Storch r", "Tapir r", "Taube e", "Uhu r", "Wachtel e", "Walross s", "Wiesel s",
)  # fmt: skip

_SPANISH = (
    "ágil", "alegre", "amable", "astuto", "atento", "audaz", "brillante", "bueno", "callado", "cálido", "claro",
    "cortés", "curioso", "despierto", "dichoso", "discreto", "dorado", "dulce", "elegante", "fiel", "fino",
    "firme", "genial", "gentil", "hábil", "honesto", "humilde", "ingenioso", "inquieto", "jovial", "leal",
    "ligero", "listo", "manso", "modesto", "noble", "optimista", "osado", "paciente", "pacífico", "plácido",
    "plateado", "prudente", "puntual", "quieto", "rápido", "risueño", "sabio", "sencillo", "sereno",
    "simpático", "sincero", "soleado", "suave", "sutil", "tenaz", "tierno", "tímido", "tranquilo", "valiente",
    "veloz", "vivaz", "vivo", "vigoroso",
)  # fmt: skip
_SPANISH_ANIMALS = (
    "abeja a", "águila a", "alce o", "alondra a", "ardilla a", "bisonte o", "búho o", "cabra a", "castor o",
    "cernícalo o", "chacal o", "chorlito o", "ciervo o", "cigüeña a", "cisne o", "codorniz a", "conejo o",
    "cuervo o", "delfín o", "erizo o", "foca a", "frailecillo o", "gallo o", "ganso o", "garza a", "gato o",
    "gavilán o", "gaviota a", "golondrina a", "gorrión o", "grulla a", "halcón o", "hurón o", "ibis o",
    "kiwi o", "koala o", "lechuza a", "lémur o", "libélula a", "liebre a", "lince o", "llama a", "lobo o",
    "marta a", "mirlo o", "morsa a", "nutria a", "oso o", "paloma a", "panda o", "pato o", "petirrojo o",
    "pingüino o", "pinzón o", "polilla a", "puma o", "rana a", "sapo o", "tapir o", "tejón o", "topo o",
    "tritón o", "urraca a", "zorro o",
)  # fmt: skip

_ARABIC = (
    "أمين", "أنيق", "بارع", "باسم", "بشوش", "جريء", "حالم", "حذر", "حكيم", "خجول", "خفيف", "دافئ", "ذكي",
    "ذهبي", "رحيم", "رزين", "رشيق", "رصين", "رقيق", "ساهر", "سريع", "سعيد", "شجاع", "صادق", "صامت", "صبور",
    "صغير", "ضاحك", "ظريف", "عطوف", "عفوي", "فرح", "فضولي", "فضي", "فطن", "كريم", "لامع", "لبق", "لطيف",
    "ماهر", "مبتسم", "متفائل", "متواضع", "مثابر", "مجتهد", "محظوظ", "مخملي", "مرح", "مسالم", "مشرق", "مشمس",
    "مقدام", "مهذب", "نادر", "ناعم", "نبيل", "نبيه", "نشيط", "هادئ", "ودود", "وديع", "وفي", "وقور", "يقظ",
)  # fmt: skip
_ARABIC_ANIMALS = (
    "أرنب", "أسد", "أيل", "باندا", "ببغاء", "بطريق", "بلبل", "تابير", "ثعلب", "هامستر", "جمل", "جندب", "حجل",
    "حسون", "حصان", "حلزون", "حمل", "حوت", "فنك", "خفاش", "خلد", "دب", "دلفين", "دوري", "ديك", "ذئب",
    "راكون", "زرزور", "سلطعون", "سمور", "سنجاب", "سنونو", "شاهين", "شبل", "شحرور", "صقر", "ضفدع", "طاووس",
    "ظبي", "عصفور", "غراب", "غرير", "غزال", "فهد", "فيل", "قط", "قندس", "قنفذ", "كركي", "كروان", "كنغر",
    "كوالا", "لاما", "لقلق", "ليمور", "مهر", "نسر", "نمر", "نمس", "نورس", "هدهد", "وشق", "وعل", "ياك",
)  # fmt: skip


def guest_name(number: int, language: str) -> str:
    """One of 4,096 names, the same one for the same number. `language`: a tag such as `de-AT`; else English."""
    make = _BY_LANGUAGE.get(language.lower().partition("-")[0], _english)
    return make(number % 64, number // 64 % 64)


def _english(adjective: int, animal: int) -> str:
    return f"{_ENGLISH[adjective]} {_ENGLISH_ANIMALS[animal]}"


def _german(adjective: int, animal: int) -> str:
    noun, gender = _GERMAN_ANIMALS[animal].split()
    return f"{_GERMAN[adjective]}{_GERMAN_ENDINGS[gender]} {noun}"


def _spanish(adjective: int, animal: int) -> str:
    noun, ending = _SPANISH_ANIMALS[animal].split()
    word = _SPANISH[adjective]
    return f"{noun} {word[:-1] + ending if word.endswith('o') else word}"


def _arabic(adjective: int, animal: int) -> str:
    return f"{_ARABIC_ANIMALS[animal]} {_ARABIC[adjective]}"


_BY_LANGUAGE: dict[str, Callable[[int, int], str]] = {
    "en": _english,
    "de": _german,
    "es": _spanish,
    "ar": _arabic,
}
