"""muslin restyle: photos and swatches in, restyled photos out."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from muslin.cli import parts, shared, terminal
from muslin.cli.cluster import ray_option, restyle_on_ray
from muslin.cli.jobs import Job, parse_mix, parse_offset, parse_style, plan
from muslin.cli.unsure import Unsure
from muslin.errors import EXIT_DATA, EXIT_DEPENDENCY, EXIT_FAILURE, EXIT_MODEL, EXIT_USAGE, DiskFull, UserError
from muslin.restyle.opening import painter_of, restyler_for

# The words of controls.MIXES, SEAMS, LAID and references.SHOWS: not imported just to print the help.
MIXES = ("overprint", "panels")
SEAMS = ("cut", "matched")
SHOWS = ("auto", "cloth", "garment")
REPEATS = ("straight", "half-drop", "brick", "mirror", "once")
BLURRED = 4  # times that a picture is enlarged, from which on nobody takes it for cloth seen from near
FULL = 3  # photos in a row whose results find no room on the disk, before the rest is left alone
SEAMLESS = {"auto": "auto", "yes": True, "no": False}  # controls.Controls.seamless: when its seam shows, always, never


@click.command()
@click.argument(
    "photos",
    nargs=-1,
    metavar="PHOTO...",
    help="Photos, or folders of photos; - reads one from standard input. With --ray: URIs, .parquet, .tar too.",
)
@click.option(
    "--style",
    "-s",
    multiple=True,
    metavar="SWATCH[:WEIGHT]",
    help="Picture of the cloth; several are blended by weight.",
)
@parts.on_option
@click.option(
    "--mask",
    metavar="FILE|auto|upper|lower|none",
    help="Where the garment is: a mask, a folder of masks; found; a part of what somebody wears; all.",
)
@click.option(
    "--scale", type=float, metavar="NUMBER", help="Size of the print; 1 = one repeat spans 30 % of the garment. [1]"
)
@click.option("--rotate", type=float, metavar="DEG", help="Turn the print, in degrees. [0]")
@click.option(
    "--repeat",
    type=click.Choice(REPEATS),
    help="How the swatch repeats; once: not, a placement print on the garment's own cloth. [straight]",
)
@click.option("--strength", type=float, metavar="NUMBER", help="0 keeps the old cloth, 1 replaces it. [1]")
@click.option("--shading", type=float, metavar="NUMBER", help="How much of the folds and light to keep. [1]")
@click.option(
    "--mix",
    type=click.Choice(MIXES),
    help="Several swatches: printed over each other, or one a panel. [overprint]",
)
@click.option(
    "--seams", type=click.Choice(SEAMS), help="Print broken at collars, pockets, openings, or running on. [cut]"
)
@click.option("--palette", metavar="COLOURS", help='Recolour the swatch of --style, for instance "#aabbcc,navy".')
@click.option(
    "--offset",
    metavar="X,Y",
    help="Move the print, in fractions of a swatch; with --repeat once of the garment, from the chest. [0,0]",
)
@click.option(
    "--seamless", type=click.Choice(list(SEAMLESS)), help="Mend the edges of a swatch that does not tile. [auto]"
)
@click.option(
    "--shows", type=click.Choice(SHOWS), help="What the style's picture shows: a garment gives its cloth. [auto]"
)
@click.option(
    "-n", "--number", type=click.IntRange(1, 1000), default=1, metavar="NUMBER", help="Variants of each photo."
)
@click.option("--seed", type=int, metavar="NUMBER", help="The same seed gives the same variants. [0]")
@click.option("-o", "--output", metavar="OUT", help="File or folder to write; - writes to standard output.")
@click.option("--overwrite", is_flag=True, help="Replace results that exist.")
@click.option("--skip-existing", is_flag=True, help="Make only the results that are missing: go on with a folder.")
@click.option(
    "--settings",
    type=shared.PATH,
    metavar="FROM.png",
    help="Take all settings from a result; options given here go before.",
)
@click.option("--model", metavar="NAME", help="A model by name or folder. [drape]")
@click.option("--look", metavar="LOOK", help="Which of its looks, of a model that has learned several.")
@click.option("--look-mix", metavar="LOOK=W,...", help="Several of its looks at once, as in stripes=0.6,denim=0.4.")
@click.option(
    "--reference",
    multiple=True,
    metavar="PICTURE[:WEIGHT]",
    help="A garment or cloth whose look is taken, by a model of many.",
)
@ray_option
@click.option("--workers", type=click.IntRange(1, 100_000), metavar="N", help="Workers of --ray. [one for each core]")
@shared.as_json_not_paths
@shared.quiet
@click.option("-v", "--verbose", is_flag=True, help="Say more on stderr.")
def restyle(
    photos: tuple[str, ...],
    style: tuple[str, ...],
    on: tuple[str, ...],
    mask: str | None,
    scale: float | None,
    rotate: float | None,
    repeat: str | None,
    strength: float | None,
    shading: float | None,
    mix: str | None,
    seams: str | None,
    palette: str | None,
    offset: str | None,
    seamless: str | None,
    shows: str | None,
    number: int,
    seed: int | None,
    output: str | None,
    overwrite: bool,
    skip_existing: bool,
    settings: Path | None,
    model: str | None,
    look: str | None,
    look_mix: str | None,
    reference: tuple[str, ...],
    ray: str | None,
    workers: int | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Dress the garment of each photo in another cloth. Folds, light, seams and background stay.

    Writes PHOTO.LOOK.png beside each photo; a folder of photos becomes a folder of results.
    """
    given = {
        "scale": scale,
        "rotation": rotate,
        "repeat": repeat,
        "strength": strength,
        "shading": shading,
        "palette": palette,
        "mix": mix,
        "seams": seams,
        "offset": parse_offset(offset) if offset is not None else None,
        "seamless": SEAMLESS[seamless] if seamless is not None else None,
        "shows": shows,
        "look": look,
        "look_mix": parse_mix(look_mix) if look_mix else None,
    }
    controls = {name: value for name, value in given.items() if value is not None}
    styles = [parse_style(text) for text in [*style, *reference]]
    asked = _Asked(list(photos), styles, controls, mask, seed, model, parts.parse_on(on))
    if settings is not None:
        asked = asked.completed(_recall(settings, quiet), settings)
    by_part = {"on": asked.on} if asked.on else {}
    learned = _learned(asked.model, asked.styles, number, {**asked.controls, **by_part}, bool(reference))
    _check_usage(asked.sources, asked.styles, output, as_json, learned is not None)
    _check_ways(overwrite, skip_existing, ray, workers)
    parts.check(asked.on, asked.controls)
    called = learned or look_name(list(dict.fromkeys([*(path for path, _ in asked.styles), *parts.files_of(asked.on)])))
    if ray is not None:
        order = _order(asked, called, number, overwrite)
        return restyle_on_ray(order, asked.sources, output, address=ray, workers=workers, as_json=as_json, quiet=quiet)
    jobs = plan(asked.sources, output, called, number, asked.mask)
    worker = _Worker(asked, overwrite, quiet, verbose)
    if skip_existing:
        worker.keeps, jobs = True, _missing(jobs, quiet)
    return worker.run(jobs, as_json)


@dataclass(frozen=True)
class _Asked:
    """What is to be made. None: not said."""

    sources: list[str]
    styles: list[tuple[Path, float]]
    controls: dict[str, Any]
    mask: str | None
    seed: int | None
    model: str | None
    on: dict[str, Path | str]  # what parts wear, a file or 'keep'

    def completed(self, recalled: Any, settings: Path) -> _Asked:
        """With what the result `settings` recalls in the place of all that was not said.

        Raises UserError where its photo is meant and cannot be found.
        """
        # A look and a mix of looks say the same thing in two ways: whoever gives one means it alone.
        named = {"look", "look_mix"} if {"look", "look_mix"} & self.controls.keys() else set()
        kept = {name: value for name, value in recalled.controls.items() if name not in named}
        return _Asked(
            sources=self.sources or [str(_recorded_source(recalled.source, settings))],
            styles=self.styles or recalled.styles,
            controls={**kept, **self.controls},
            mask=self.mask or (str(recalled.mask) if recalled.mask else None),
            seed=recalled.seed if self.seed is None else self.seed,
            model=self.model or recalled.model,
            on={**recalled.on, **self.on},
        )


def _order(asked: _Asked, look: str, number: int, overwrite: bool) -> Any:
    """The same for workers on Ray. Raises UserError for a style that no worker could use."""
    from muslin.distributed.order import Order
    from muslin.images import read_image

    model = asked.model or "drape"
    pictures = [(read_image(path), weight) for path, weight in asked.styles]
    on = parts.read(asked.on)
    if asked.controls.get("shows") == "garment":
        _check_cuts(restyler_for(model), pictures, on)
    return Order(model, pictures, asked.controls, asked.seed or 0, number, look, asked.mask, overwrite, on=on)


def _missing(jobs: list[Job], quiet: bool) -> list[Job]:
    """The jobs of which a result is not there yet."""
    missing = [job for job in jobs if not all(map(os.path.lexists, job.targets))]  # results are written whole
    if not quiet:
        terminal.say(f"{len(jobs) - len(missing)} of {len(jobs)} photos are done already.")
    return missing


def look_name(styles: list[Path]) -> str:
    """What a look is called in file names: the stems of its swatches, 'tartan' or 'tartan+dots'."""
    return "+".join(path.stem.replace(" ", "-") for path in styles)[:80]


def _learned(
    model: str | None, styles: list[Any], number: int, controls: dict[str, Any], referred: bool = False
) -> str | None:
    """What the look is called in file names, of a model that paints a look it has learned; None: it lays swatches.

    Raises UserError for what such a model cannot be asked for, before anything is read.
    """
    painter = painter_of(model)
    if painter is not None and painter.recipe == "stargan_v2":
        from muslin.restyle import looks

        looks.check_controls(painter, styles, controls)
        return look_name([Path(name) for name in looks.named(styles, controls)])
    if painter is not None and painter.card.get("drawing"):
        from muslin.restyle import drawings

        drawings.check_controls(styles, controls)
        return "garment"
    if painter is not None:
        from muslin.restyle.translate import check_controls, looks_of

        check_controls(painter, styles, number, controls)
        return look_name([Path(str(controls.get("look") or next(iter(looks_of(painter)))))])
    if {"look", "look_mix"} & controls.keys() or referred:
        raise UserError(
            "Only a model that has learned looks takes --look, --look-mix and --reference.",
            received=f"the model '{model or 'drape'}'",
            advice="Name the model with --model, or lay a swatch with --style.",
            exit_code=EXIT_USAGE,
        )
    return None


def _recall(settings: Path, quiet: bool) -> Any:
    from muslin.images import read_image
    from muslin.restyle import metadata

    found = metadata.settings_from(read_image(settings))
    if found is None:
        raise UserError(
            f"'{settings}' carries no settings.",
            advice="Only pictures saved by muslin do, as long as no other program has saved them again.",
            exit_code=EXIT_DATA,
        )
    if found.get("kind") == "imagine":
        raise UserError(
            f"'{settings}' is a print, no restyled photo: its settings are those of `muslin imagine`.",
            advice=f"Lay it on a photo: muslin restyle PHOTO --style {settings}",
            exit_code=EXIT_USAGE,
        )
    recalled = metadata.recall(found, settings)
    notes = recalled.notes + _model_changed(found.get("model"), recalled.model)
    for note in notes if not quiet else []:
        terminal.say(f"Note: {note}.")
    return recalled


def _model_changed(recorded: Any, recalled: str | None) -> list[str]:
    """A note when the model that will be used (its name or folder) is not the one that made the picture."""
    from muslin import store

    if not isinstance(recorded, dict) or not recorded.get("sha256"):
        return []
    try:
        changed = store.load(str(recalled)).sha256 != recorded["sha256"]
    except UserError:
        return []  # a missing model is an error of its own, later
    return [f"the model '{recorded['name']}' is not the one that made the picture"] if changed else []


def _recorded_source(source: Path | None, settings: Path) -> Path:
    if source is None:
        raise UserError(
            f"The photo that '{settings}' was made from cannot be found.",
            advice="Name it: muslin restyle PHOTO --settings " + str(settings),
            exit_code=EXIT_DATA,
        )
    return source


def _check_usage(
    sources: list[str], styles: list[Any], output: str | None, as_json: bool, learned: bool = False
) -> None:
    if not sources:
        raise UserError(
            "Which photo shall be restyled?",
            advice="Try: muslin restyle photo.jpg --style swatch.jpg",
            exit_code=EXIT_USAGE,
        )
    if not styles and not learned:
        raise UserError(
            "Which cloth shall it be? No --style was given.",
            advice="Try: muslin restyle photo.jpg --style swatch.jpg",
            exit_code=EXIT_USAGE,
        )
    if "-" in sources and len(sources) > 1:
        raise UserError("Standard input (-) is one photo and cannot be mixed with others.", exit_code=EXIT_USAGE)
    if output == "-" and as_json:
        raise UserError(
            "The picture (-o -) and the JSON cannot both go to standard output.",
            advice="Name a file with -o.",
            exit_code=EXIT_USAGE,
        )


def _check_ways(overwrite: bool, skip_existing: bool, ray: str | None, workers: int | None) -> None:
    """Raises UserError for options that exclude each other, or need one that was not given."""
    if overwrite and skip_existing:
        raise UserError("--overwrite and --skip-existing exclude each other.", exit_code=EXIT_USAGE)
    if workers is not None and ray is None:
        raise UserError("--workers are those of --ray.", advice="Add --ray.", exit_code=EXIT_USAGE)
    if ray is not None and skip_existing:
        raise UserError(
            "--skip-existing and --ray exclude each other: a batch keeps a record of what is done.",
            advice="Leave --skip-existing out: the same command again makes only what is missing.",
            exit_code=EXIT_USAGE,
        )


def _check_cuts(restyler: Any, styles: list[tuple[Any, float]], on: dict[str, Any]) -> None:
    """Raises UserError for a garment of which no cloth can be cut: what is wrong with a style is so for all photos."""
    for picture in (*(picture for picture, _ in styles), *on.values()):
        if picture != parts.KEEP:
            restyler.cloth(picture, "garment")


class _Worker:
    """One restyler at work on a list of jobs. A photo that fails is reported and the rest goes on."""

    def __init__(self, asked: _Asked, overwrite: bool, quiet: bool, verbose: bool) -> None:
        from muslin.images import read_image

        self.restyler = restyler_for(asked.model or "drape")
        self.styles = [(read_image(path), weight) for path, weight in asked.styles]  # once, not for each photo
        self.on = parts.read(asked.on)
        self.controls, self.seed = asked.controls, asked.seed or 0
        self.overwrite, self.quiet, self.verbose = overwrite, quiet, verbose
        self.keeps = False  # results that exist are neither replaced nor an error
        self.results: list[dict[str, Any]] = []
        self.failed: list[dict[str, Any]] = []
        self.unsure = Unsure()
        self.told = False
        if self.controls.get("shows") == "garment":
            _check_cuts(self.restyler, self.styles, self.on)

    def run(self, jobs: list[Job], as_json: bool) -> int:
        from muslin.images import remove_parts

        for folder in {Path(target).parent for job in jobs for target in job.targets if target != "-"}:
            remove_parts(folder)
        try:
            self.restyle(jobs, as_json)
        except KeyboardInterrupt:
            if as_json:  # what lies in the folder by now
                terminal.put_json({"results": self.results, "failed": self.failed, "interrupted": True})
            raise
        if as_json:
            terminal.put_json({"results": self.results, "failed": self.failed})
        if not self.quiet:
            self.unsure.say()
        if len(jobs) > 1 and not self.quiet:
            terminal.say(f"{len(jobs) - len(self.failed)} of {len(jobs)} photos restyled.")
        return EXIT_FAILURE if self.failed else 0

    def restyle(self, jobs: list[Job], as_json: bool) -> None:
        """One photo after the other into `results` and `failed`. Raises UserError for what is wrong with all."""
        full = 0
        with terminal.progress("Restyling", len(jobs), quiet=self.quiet) as advance:
            for done, job in enumerate(jobs):
                advance(done, note=job.name)
                try:
                    for result in self.results_of(job):
                        self.results.append(result)
                        if not as_json and result["output"] != "-":
                            terminal.put(result["output"])
                except Exception as unexpected:
                    error = terminal.as_user_error(unexpected)
                    if len(jobs) == 1 or error.exit_code in (EXIT_USAGE, EXIT_MODEL, EXIT_DEPENDENCY):
                        raise  # what is wrong with one is wrong with all
                    self.failed.append({"source": job.source, "error": error.as_dict()})
                    terminal.say(f"{terminal.paint('Skipped', terminal.RED)} {job.name}: {error}")
                    full = full + 1 if isinstance(error, DiskFull) else 0
                    if full == FULL and jobs[done + 1 :]:
                        self.leave(jobs[done + 1 :])
                        break
                else:
                    full = 0

    def leave(self, jobs: list[Job]) -> None:
        """Report photos that are not tried, since the disk is full."""
        problem = "Not tried: the disk is full."
        advice = "Free some space; the same command with --skip-existing does the rest."
        error = DiskFull(problem, advice=advice)
        self.failed += [{"source": job.source, "error": error.as_dict()} for job in jobs]
        terminal.say(f"Stopped: the disk is full, and {len(jobs)} more photos were not tried. {advice}")

    def results_of(self, job: Job) -> Any:
        """Restyle one photo; yields one record for each file written."""
        from muslin.images import make_folder

        self.refuse_existing(job)
        started = time.perf_counter()
        photo: Any = _standard_input() if job.source == "-" else Path(job.source)
        many = len(job.targets)
        asked = {**self.controls, "on": self.on} if self.on else self.controls
        made = self.restyler.variants(photo, self.styles, n=many, mask=job.mask, seed=self.seed, **asked)
        for number, (target, restyled) in enumerate(zip(job.targets, made, strict=True)):
            if number == 0:
                found = restyled.params["mask"]
                self.unsure.add(
                    job.name, found.get("confidence"), bool(found.get("worn")), found.get("kind") in ("upper", "lower")
                )
                self.say_what_styles_show(restyled)
                self.say_if_beside(job.name, restyled)
                if self.on and restyled.missing and not self.quiet:
                    terminal.say(parts.lacking(job.name, restyled.missing, restyled.parts))
            if self.keeps and os.path.lexists(target):
                continue
            if target == "-":
                _to_standard_output(restyled)
            else:
                make_folder(Path(target).parent)
                restyled.save(target, overwrite=self.overwrite)
            seconds = time.perf_counter() - started
            height, width = restyled.image.shape[:2]
            if self.verbose:
                terminal.say(f"{job.name}: {width} x {height}, {seconds:.2f} s, mask {_mask_words(restyled.params)}")
            yield {
                "source": job.source,
                "output": target,
                "width": width,
                "height": height,
                "seconds": round(seconds, 3),
                **({"parts": restyled.parts, "missing": restyled.missing} if self.on else {}),
                "settings": _jsonable(restyled.params),
            }
            started = time.perf_counter()

    def say_what_styles_show(self, restyled: Any) -> None:
        """Once: whose cloth was cut out of a garment though nobody said that it shows one, and what is too small."""
        if self.told or self.quiet or not self.styles:
            return
        self.told = True
        worn = restyled.params.get("on", {})
        entries = [*restyled.params["styles"], *(worn[name] for name in self.on if self.on[name] != parts.KEEP)]
        cut = list(dict.fromkeys(str(entry["path"]) for entry in entries if entry.get("shows") == "garment"))
        if cut and self.controls.get("shows") != "garment":
            shown = " and ".join(f"'{path}'" for path in cut)
            terminal.say(f"Note: {shown} shows a garment, whose cloth is taken. --shows cloth repeats it all.")
        scale = restyled.params["controls"].get("scale")
        if scale is not None:  # a learned look paints, and lays nothing
            given = [picture for picture, _ in self.styles]
            given += [picture for picture in self.on.values() if picture != parts.KEEP]
            laid = {str(entry["path"]): (entry, one) for entry, one in zip(entries, given, strict=True)}
            self._say_what_is_transparent(laid.values(), restyled.params["controls"].get("repeat") == "once")
            self._say_what_is_small(laid.values(), scale * restyled.garment.longer_side)

    def say_if_beside(self, name: str, restyled: Any) -> None:
        """A placement print that lies on nothing of its garment leaves the photo as it was."""
        controls = restyled.params["controls"]
        if self.quiet or controls.get("repeat") != "once" or controls.get("strength", 1) == 0:
            return
        if (restyled.image == restyled.garment.photo.pixels).all():
            terminal.say(f"Note: on {name} the print lies beside the garment. --offset 0,0 is the middle of its chest.")

    def _say_what_is_transparent(self, laid: Iterable[tuple[dict[str, Any], Any]], once: bool) -> None:
        for entry, picture in laid:
            clear = picture.alpha is not None and picture.alpha.min() < 255
            if entry.get("shows") == "garment" or clear == once:
                continue
            if clear:
                words = "is transparent in part and laid on white. --repeat once places it on the garment's own cloth."
            else:
                words = "is placed with all of its background. Where a PNG is transparent, the garment's cloth shows."
            terminal.say(f"Note: '{entry['path']}' {words}")

    def _say_what_is_small(self, laid: Iterable[tuple[dict[str, Any], Any]], side_of_garment: float) -> None:
        from muslin.restyle.styles import REPEAT_SHARE

        span = REPEAT_SHARE * side_of_garment
        for entry, picture in laid:
            side = max(picture.pixels.shape[:2])
            if entry.get("shows") != "garment" and span > BLURRED * side:
                small = f"Note: '{entry['path']}' has {side} px and is laid {span / side:.0f} times as large"
                terminal.say(f"{small}: it looks soft. A larger picture of it is sharp, or a smaller --scale.")

    def refuse_existing(self, job: Job) -> None:
        """Before the work, not after it: a result that exists stays unless --overwrite was given."""
        for target in job.targets:
            if target != "-" and not self.overwrite and not self.keeps and os.path.lexists(target):
                raise UserError(
                    f"'{target}' exists already.",
                    advice="Allow replacing it with --overwrite, keep it with --skip-existing, or use -o.",
                )


def _standard_input() -> Any:
    from muslin.images import read_image

    return read_image(sys.stdin.buffer)


def _to_standard_output(restyled: Any) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.png"
        restyled.save(path)
        sys.stdout.buffer.write(path.read_bytes())
        sys.stdout.buffer.flush()


def _mask_words(params: Any) -> str:
    mask = params.get("mask") if isinstance(params, dict) else None
    if not isinstance(mask, dict):
        return str(mask)
    sure = mask.get("confidence")
    return f"{mask.get('kind')}" + (f", {sure:.0%} sure" if isinstance(sure, float) else "")


def _jsonable(params: Any) -> Any:
    import json

    from muslin.restyle.metadata import to_json

    return json.loads(to_json(params))
