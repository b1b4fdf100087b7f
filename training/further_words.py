"""Words of languages that wordfreq does not list: the commonest by hand, others from the data of simplemma.

Barbaresi, "simplemma" (MIT licence): inflected forms without frequencies, so those are drawn alike.
"""

from __future__ import annotations

from functools import cache
from itertools import islice

import numpy as np

from ocr_doc.training.packages import require

FURTHER_LANGUAGES = {"sq": 0.4, "et": 0.4, "ga": 0.2}
"""The languages, with what they count for beside English's 16 in `text.LANGUAGES`."""

# A page in these languages is made of such words before all.
_COMMON = {
    "sq": """të e në i një për me nga që së dhe është si do u nuk ka ky kjo por kur këtë më tij janë ishte kanë vetëm
        mund pas ndër duke edhe apo ose këto ata ato saj tyre duhet shumë mirë ditë vit vjet shteti emri numri faqja
        lista shtëpia rrugë çmimi gjithsej paguar data ora faleminderit fatura sasia njësi zbritje shtuar ndryshuar
        fshirë zgjidhni vlera fusha gabim ju lutem përdoruesi fjalëkalimi kërko hyrje dalje ndihmë mesazhi
        përditësuar krijuar gjithë tjetër parë dytë tretë kohë vend punë jetë njerëz sot nesër dje këtu atje atëherë
        megjithatë""",
    "et": """ja on ei et see ta oma kui või ka ning mis kes aga nii ma sa me te nad selle seda tema oli olid olla võib
        peab pole kõik mitte ainult siis juba veel välja üle alla ette kuni ilma koos pärast enne täna homme eile
        aasta päev kuu nädal õhtu töö õigus õige või võtta jõud mõne mõned mõju sõna sõber nõu kõrge põhi lõpp lõuna
        põhja summa kokku hind kogus käibemaks arve kuupäev kellaaeg aitäh müük makstud sularaha kaart klient number
        nimi väli väärtus palun sisestage valige kustuta lisa muuda leht viga kasutaja parool otsi tühi õnnestus
        võimalik""",
    "ga": """an agus na i ar a le is ag bhí tá go ní sé sí do de ach mar sin seo siad muid tú mé bheith raibh leis léi
        chun chuig faoi ó roimh thar idir gan um nó má dá nuair freisin níos mó beag maith lá bliain mí seachtain
        inniu amárach inné teach baile bóthar sráid oifig ainm uimhir dáta am praghas iomlán íoctha fáilte cáin
        dóibh seoladh roghnaigh cuir scrios athraigh cuardaigh earráid úsáideoir pasfhocal leathanach réimse luach
        éigin""",
}
_SEED = 5


@cache
def further_words(language: str, count: int) -> tuple[str, ...]:
    """Words of one of `FURTHER_LANGUAGES`, the commonest first and the rest in no order, always the same.

    Args:
        language: Its ISO 639-1 code.
        count: At most so many words.

    Raises:
        DependencyError: If simplemma is not installed.
    """
    require("simplemma")
    from simplemma.strategies.dictionaries.dictionary_factory import (  # noqa: PLC0415  (only when text is drawn)
        DefaultDictionaryFactory,
    )

    common = dict.fromkeys(_COMMON[language].split())
    forms = list(DefaultDictionaryFactory().get_dictionary(language))
    drawn = (forms[n] for n in np.random.default_rng(_SEED).permutation(len(forms)))
    return (*common, *islice((form for form in drawn if form not in common), max(count - len(common), 0)))[:count]
