from __future__ import annotations

from pathlib import Path

import click

from harness.cli.options import complete_scenario, images_option, json_option, scenarios_option, scenarios_root


@click.command("plan", short_help="Show what a run would do, with targets and images resolved.")
@click.argument("scenario", shell_complete=complete_scenario)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="As for 'lockout run'.")
@images_option
@json_option
@scenarios_option
def command(scenario: str, seed: int | None, images: str, as_json: bool, scenarios: Path | None) -> int:
    """Show the timed steps of SCENARIO, the containers it would start, and where each image would come from.

    Starts nothing. Without a reachable engine it says so, and shows the rest.
    """
    from harness.cli.progress import shown_progress
    from harness.lab.bring_up import logical_image
    from harness.lab.engine import find_engine_or_none
    from harness.lab.images import mode_from
    from harness.lab.images import plan as plan_images
    from harness.lab.plugins import ensure_compose
    from harness.plan.describe import describe
    from harness.run.prepare import prepare
    from harness.scenario.catalogue import resolve_scenario

    with shown_progress() as progress:
        compose = ensure_compose(progress)
    prepared = prepare(resolve_scenario(scenario, scenarios_root(scenarios)), compose, seed)
    engine = find_engine_or_none()
    references = {name: prepared.topology.services[name].image for name in sorted(prepared.services)}
    logical = {name: logical_image(reference) for name, reference in references.items()}
    wanted = [name for name in dict.fromkeys(logical.values()) if name]
    planned = {item.name: item for item in plan_images(wanted, mode_from(images), engine)} if engine else {}
    if as_json:
        import json

        import msgspec

        document = prepared.plan.as_document() | {
            "hash": prepared.plan.hash(),
            "predicted": msgspec.to_builtins(prepared.plan.forecast.workloads),
            "images": [
                {
                    "service": service,
                    "image": references[service],
                    "action": planned[name].action if name in planned else None,
                    "ref": planned[name].ref if name in planned else None,
                }
                for service, name in logical.items()
            ],
        }
        click.echo(json.dumps(document))
        return 0
    for line in describe(prepared.plan, prepared.topology):
        click.echo(line)
    click.echo(f"\nit would start {len(references)} containers:")
    width = max(map(len, references))
    for service, name in logical.items():
        item = planned.get(name or "")
        how = f"{item.action}: {item.ref} ({item.why})" if item else "left to Compose" if name is None else name
        click.echo(f"  {service:<{width}}  {how}")
    if engine is None:
        click.echo("\nno container engine is reachable, so images were not looked up; see 'lockout doctor'")
    return 0
