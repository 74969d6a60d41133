"""What a federation reads about its licences."""

import datetime as dt
from decimal import Decimal

import pytest

from reconcile.config.cost import cost_of_licences
from reconcile.config.settings.tables.tenant.prices import Prices
from reconcile.documents.cost import euros, licences_sentence, surcharge_sentence

J = dt.date(2025, 1, 20)


def plain(text: str) -> str:
    """With ordinary spaces; the no-break ones are looked at apart."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_the_sum_is_said_with_its_rule() -> None:
    cost = cost_of_licences(6, 6, Prices(), J)
    assert plain(licences_sentence(cost)) == "6 licences E1 et 6 E3 : 66,00 € TTC par mois."
    assert plain(surcharge_sentence(cost)) == (
        "Sans surcoût, 1/3 des licences, arrondi à l’unité supérieure, soit 4 E3 ; 2 au-delà. "
        "Surcoût possible : 10,96 € TTC par mois, soit 131,52 € par an."
    )


@pytest.mark.parametrize(
    ("rounding", "said"),
    [
        ("floor", "arrondi à l’unité inférieure, soit 1 E3 ; 1 au-delà. Surcoût possible : 5,48 €"),
        ("exact", "1/3 des licences, soit 1,67 E3 ; 0,33 au-delà. Surcoût possible : 1,83 €"),
        ("ceil", "soit 2 E3 : pas de surcoût pour votre fédération."),
    ],
)
def test_each_rounding_has_its_words(rounding: str, said: str) -> None:
    cost = cost_of_licences(3, 2, Prices(rounding=rounding), J)  # type: ignore[arg-type]
    assert said in plain(surcharge_sentence(cost))


def test_no_sum_is_torn_from_its_unit_and_thousands_are_set_apart() -> None:
    assert euros(Decimal("1234567.5")) == "1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567,50\N{NO-BREAK SPACE}€"
