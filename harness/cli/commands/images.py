from __future__ import annotations

import click

from harness.cli.options import images_option


@click.command("images", short_help="Obtain images now: present, then pull, then build.")
@click.argument("name", nargs=-1)
@images_option
def command(name: tuple[str, ...], images: str) -> int:
    """Make sure that the engine has every image, or just the NAMEs given (those of fixtures/images.yaml)."""
    import signal

    from harness.cli.progress import shown_progress
    from harness.lab.engine import ensure_engine
    from harness.lab.images import load_catalogue, mode_from, resolve

    known = load_catalogue().images
    for one in name:
        if one not in known:
            raise click.BadParameter(f"no image '{one}'; there are {', '.join(known)}")
    # Whoever ends us wants the compilers that we have started to end, too, as with Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, signal.default_int_handler)
    with shown_progress() as progress:
        found = resolve(name or tuple(known), mode_from(images), ensure_engine(progress), progress)
    for image in found.values():
        click.echo(f"{image.name:<22} {image.variant:<8} {image.ref}")
    return 0
