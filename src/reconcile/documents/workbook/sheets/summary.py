"""« Récapitulatif »: licences counted and priced as they are chosen, by formulas whose values stand in the file."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from reconcile.config.cost import cost_of_licences
from reconcile.documents.french import civil_day, spaced
from reconcile.documents.workbook.columns import (
    ADDRESSES,
    ALIAS,
    FIRST_ROW,
    FREE_ROWS,
    KEYS,
    NO,
    SHARED,
    YES,
    Key,
)
from reconcile.documents.workbook.columns import SUMMARY as NAME
from reconcile.documents.workbook.sheets.style import Style
from reconcile.documents.workbook.workbook import Workbook

_ROUND = {
    "ceil": ("ROUNDUP({},0)", "arrondi à l’unité supérieure"),
    "floor": ("ROUNDDOWN({},0)", "arrondi à l’unité inférieure"),
}


def summary_sheet(book: Any, style: Style, workbook: Workbook) -> None:
    """Add the sheet."""
    sheet = book.add_worksheet(NAME)
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 58)
    sheet.set_column(1, 1, 16)
    sheet.set_row(0, 28)
    sheet.write_string(0, 0, "Récapitulatif", style.title)
    sheet.write_string(1, 0, "Se calcule à partir de la feuille Adresses.", style.subtitle)
    at, lines = {}, _lines(workbook, style)
    for number, (name, text, _, _, _) in enumerate(lines, 3):
        at[name] = f"$B${number + 1}"
        sheet.write_string(number, 0, spaced(text))
    for number, (_, _, formula, value, look) in enumerate(lines, 3):
        if formula:
            sheet.write_formula(number, 1, f"={formula.format(**at)}", look, value)
        else:
            sheet.write_number(number, 1, value, look)
    end = len(lines) + 4
    told = (
        f"Prix au {civil_day(workbook.on)}. Le surcoût est possible : l’Association nationale décide s’il est facturé."
    )
    sheet.write_string(end, 0, told, style.subtitle)
    sheet.protect("", {"objects": True, "scenarios": True})
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 1)


def _lines(workbook: Workbook, style: Style) -> list[tuple[str, str, str, float, Any]]:
    """name, what it is, formula, value, look."""
    count = {licence: _count(workbook, licence) for licence in ("E1", "E3", SHARED, ALIAS)}
    cost = cost_of_licences(count["E1"], count["E3"], workbook.prices, workbook.on)
    total, prices, share = cost.licences, cost.prices, cost.share
    rounding = _ROUND.get(cost.rounding, ("{}", "sans arrondi"))
    allowed = rounding[0].format(f"({{e1}}+{{e3}})*{share.numerator}/{share.denominator}")
    whole = style.number if cost.rounding != "exact" else style.decimal
    undecided = sum(row["keep"] not in (YES, NO) for row in workbook.rows)
    keep = _column("keep", len(workbook.rows))
    asked = f'ROWS({keep})-COUNTIF({keep},"{YES}")-COUNTIF({keep},"{NO}")' if workbook.rows else ""
    surcharge = "ROUND(MAX(0,{e3}-{allowed})*MAX(0,{p3}-{p1}),2)"
    rule = f"E3 sans surcoût ({share.numerator}/{share.denominator} des licences, {rounding[1]})"
    euros = style.euros
    return [
        ("undecided", "Adresses sur lesquelles il reste à décider", asked, undecided, style.number),
        ("e1", "Licences E1", _counted("E1", workbook), count["E1"], style.number),
        ("e3", "Licences E3", _counted("E3", workbook), count["E3"], style.number),
        ("shared", "Adresses partagées (sans licence)", _counted(SHARED, workbook), count[SHARED], style.number),
        ("alias", "Alias (sans licence)", _counted(ALIAS, workbook), count[ALIAS], style.number),
        (
            "part",
            "Part des E3 dans les licences",
            "IF({e1}+{e3}=0,0,{e3}/({e1}+{e3}))",
            cost.e3 / total if total else 0,
            style.share,
        ),
        ("p1", "Prix d’une licence E1, TTC par mois", "", float(prices.e1), euros),
        ("p3", "Prix d’une licence E3, TTC par mois", "", float(prices.e3), euros),
        (
            "monthly",
            "Total des licences, TTC par mois",
            "ROUND({e1}*{p1}+{e3}*{p3},2)",
            _float(cost.licences_monthly),
            euros,
        ),
        ("allowed", rule, allowed, _float(cost.allowed), whole),
        ("over", "E3 au-delà", "MAX(0,{e3}-{allowed})", _float(cost.over), whole),
        ("surcharge", "Surcoût possible, TTC par mois", surcharge, _float(cost.surcharge_monthly), style.total),
        ("yearly", "Surcoût possible, TTC par an", "12*{surcharge}", _float(cost.surcharge_yearly), style.total),
    ]


def _count(workbook: Workbook, licence: str) -> int:
    return sum(row["licence"] == licence and row["keep"] != NO for row in workbook.rows)


def _counted(licence: str, workbook: Workbook) -> str:
    everything = len(workbook.rows) + FREE_ROWS
    keep, chosen = _column("keep", everything), _column("licence", everything)
    return f'COUNTIF({chosen},"{licence}")-COUNTIFS({chosen},"{licence}",{keep},"{NO}")'


def _column(key: Key, rows: int) -> str:
    letter = chr(ord("A") + KEYS.index(key))
    return f"{ADDRESSES}!${letter}${FIRST_ROW + 1}:${letter}${FIRST_ROW + max(rows, 1)}"


def _float(value: Decimal | Fraction) -> float:
    return float(value)
