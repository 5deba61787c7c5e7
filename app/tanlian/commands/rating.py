"""`tanlian rating`: the credit rating 信用评判 of an organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tanlian.commands.acting import looking
from tanlian.commands.verbs import add_verbs

if TYPE_CHECKING:
    from tanlian.services.access import Access


@click.group()
def rating() -> None:
    """Look at a rating, contest it, review it."""


@rating.command()
@click.argument("organisation")
@looking
def show(access: Access, *, organisation: str) -> None:
    """Show the score in force, its grade, and its history with what counted."""
    from tanlian.services.check_rounds import history_of, rating_rules

    rules = rating_rules(access)
    found = history_of(access, organisation)
    click.echo(f"organisation {found.organisation}: {found.score}, {rules.grade(found.score)}")
    for step in found.steps:
        if step.what == "contested":
            click.echo(f"  check {step.round_id}: contested")
            continue
        why = ", ".join(f"{name} {points:+}" for name, points in rules.reasons(step.flags))
        change = f"{step.old_score} to {step.new_score}"
        click.echo(f"  check {step.round_id}: {step.what}, {change} ({why or 'nothing held'})")


add_verbs(rating)
