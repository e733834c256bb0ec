"""What the API takes, as pydantic models: they check requests and write the OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Color = Annotated[str, StringConstraints(pattern=r"^((#[0-9a-f]{6}=)?(#[0-9a-f]{6}|keep))$")]
Hex = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
PaletteOf = Annotated[list[Color], Field(min_length=1, max_length=12)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Weight = Annotated[float, Field(gt=1e-4, le=1e4)]
LookName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}(:[A-Za-z0-9][A-Za-z0-9 ._-]{0,63})?$")]
Repeat = Literal["straight", "half-drop", "brick", "mirror"]
Laid = Literal["straight", "half-drop", "brick", "mirror", "once"]
Mix = Literal["overprint", "panels"]
Part = Literal[
    "body", "left-front", "right-front", "sleeves", "left-sleeve", "right-sleeve", "collar", "inside", "strip",
    "pocket", "cuffs", "band", "trim",
]  # fmt: skip
Centimetres = Annotated[float, Field(ge=0.1, le=1000)]


class Request(BaseModel):
    """A body: unknown fields are refused, numbers are finite, and nothing is guessed from another type."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class ProjectIn(Request):
    name: Name


class ProjectPatch(Request):
    name: Name | None = None
    opened: bool | None = None


class GarmentPatch(Request):
    name: Name | None = None
    length_cm: Centimetres | None = None


class MaskPart(Request):
    part: Literal["upper", "lower"]


class MaskCopy(Request):
    to: Annotated[list[Id], Field(min_length=1, max_length=500)]


class LookPatch(Request):
    name: Name | None = None
    repeat_cm: Centimetres | None = None


class WeightedLook(Request):
    look: Id
    weight: Weight = 1.0


Looks = Annotated[list[WeightedLook], Field(min_length=1, max_length=4)]


class MixIn(Request):
    name: Name = "Mix"
    parts: Annotated[list[WeightedLook], Field(min_length=2, max_length=4)]
    mix: Mix = "overprint"


class RecolourIn(Request):
    palette: PaletteOf
    name: Name | None = None


class ColourwaysIn(Request):
    count: Annotated[int, Field(ge=1, le=16)] = 5
    seed: Seed = 0
    colours: Annotated[int, Field(ge=1, le=8)] = 5
    lock: Annotated[list[Hex], Field(max_length=8)] = []
    card: Annotated[list[Hex], Field(max_length=64)] = []


class ControlsIn(Request):
    scale: Annotated[float, Field(ge=0.02, le=20)] = 1.0
    print_cm: Annotated[float, Field(ge=0.1, le=500)] | None = None
    rotation: Annotated[float, Field(ge=-36000, le=36000)] = 0.0
    offset: Annotated[list[Annotated[float, Field(ge=-1000, le=1000)]], Field(min_length=2, max_length=2)] = [0.0, 0.0]
    repeat: Laid = "straight"
    strength: Annotated[float, Field(ge=0, le=1)] = 1.0
    shading: Annotated[float, Field(ge=0, le=2)] = 1.0
    palette: PaletteOf | None = None
    seamless: Literal["auto"] | bool = "auto"
    mix: Mix = "overprint"
    seams: Literal["cut", "matched"] = "cut"
    on: dict[Part, Id | Literal["keep"]] = {}


class TileIn(Request):
    looks: Looks
    across: Annotated[int, Field(ge=1, le=12)] = 3
    side: Annotated[int, Field(ge=64, le=1024)] = 512
    repeat: Repeat = "straight"
    rotation: Annotated[float, Field(ge=-36000, le=36000)] = 0.0
    palette: PaletteOf | None = None
    seamless: Literal["auto"] | bool = "auto"


class PreviewIn(Request):
    garment: Id
    looks: Looks
    controls: ControlsIn = ControlsIn()
    side: Annotated[int, Field(ge=64, le=384)] = 384


class RestyleJob(Request):
    kind: Literal["restyle"]
    project: Id
    garments: Annotated[list[Id], Field(min_length=1, max_length=500)]
    looks: Looks
    controls: ControlsIn = ControlsIn()
    variants: Annotated[int, Field(ge=1, le=16)] = 4
    seed: Seed = 0
    start: Annotated[int, Field(ge=0, le=100_000)] = 0
    vary: Annotated[list[Literal["print", "palette"]], Field(max_length=2)] = ["print"]
    lock: Annotated[list[Hex], Field(max_length=8)] = []


class ColourwaysJob(Request):
    kind: Literal["colourways"]
    project: Id
    garment: Id
    looks: Looks
    controls: ControlsIn = ControlsIn()
    palettes: Annotated[list[PaletteOf], Field(min_length=1, max_length=16)]


class ImagineJob(Request):
    kind: Literal["imagine"]
    project: Id
    model: LookName
    count: Annotated[int, Field(ge=1, le=64)] = 8
    seed: Seed = 0
    mix: LookName | None = None
    weight: Annotated[float, Field(ge=0, le=1)] = 0.5
    between: Annotated[list[Seed], Field(min_length=2, max_length=2)] | None = None
    scale: Annotated[float, Field(ge=0.25, le=4)] = 1.0
    size: Annotated[int, Field(ge=64, le=2048)] = 512
    palette: PaletteOf | None = None


class TrainJob(Request):
    kind: Literal["train"]
    project: Id
    set: Id
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    minutes: Annotated[float, Field(ge=0.1, le=1440)] = 10.0
    seed: Seed = 0


class DeliverJob(Request):
    kind: Literal["deliver"]
    project: Id
    results: Annotated[list[Id], Field(min_length=1, max_length=500)]
    format: Literal["contact_sheet", "lookbook_html", "lookbook_pdf", "cutouts", "tiffs", "zip"]
    title: Name = "Lookbook"
    ppi: Annotated[float, Field(ge=36, le=2400)] = 300.0
    template: Annotated[str, StringConstraints(min_length=1, max_length=200)] = "{project}_{garment}_{look}_{number}"
    strip_metadata: bool = False


JobIn = Annotated[RestyleJob | ColourwaysJob | ImagineJob | TrainJob | DeliverJob, Field(discriminator="kind")]


class ResultPatch(Request):
    starred: bool | None = None
    rejected: bool | None = None
    note: Annotated[str, StringConstraints(max_length=2000)] | None = None

    @model_validator(mode="after")
    def not_both(self) -> ResultPatch:
        if self.starred and self.rejected:
            raise ValueError("a result is starred or rejected, not both")
        return self
