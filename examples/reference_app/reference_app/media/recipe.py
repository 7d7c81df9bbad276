"""How a film is made, as ffmpeg's arguments. Pure: nothing here runs or touches a file.

A film is a row of scenes in the title's palette: a slow gradient, a light that drifts, and
something dark before it. Plain gradients compress to almost nothing and make the ladder of
renditions meaningless, so there is grain, and each rendition's bit rate is capped. Scenes are drawn
small and at half the frame rate ("on twos", as in drawn films), then scaled: that is what makes two
minutes of film affordable. Title, rendition and a frame-accurate timecode are burnt in.

All files have relative names: ffmpeg runs in the film's folder, with `font.ttf` and `name.txt`
beside the results, so that no path ever needs to be quoted and the recipe is the same everywhere.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

from ..art import Palette

FPS = 24
SEGMENT_SECONDS = 2
SCENE_SECONDS = 12
AUDIO = "audio.m4a"
FONT = "font.ttf"
NAME = "name.txt"

_SOURCE = (320, 180)
_GRAINED = (480, 270)
_PICTURE_SHARE = 0.8
"""Of a rung's bit rate: the rest is for sound, and for peaks that the encoder's buffer lets out."""
_BAR = 33
"""Height of the dark bars above and below, in lines of the grained picture: 2.35 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """A film to make. `seconds` is its length; `seed` decides scenes and sound."""

    id: str
    name: str
    seconds: int
    palette: Palette
    seed: int

    def __post_init__(self) -> None:
        """A film is at least one segment long."""
        if self.seconds < SEGMENT_SECONDS:
            raise ValueError(f"seconds must be at least {SEGMENT_SECONDS}, not {self.seconds}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung of the ladder. `kbps` bounds its bit rate, in kbit/s."""

    height: int
    width: int
    kbps: int

    @property
    def label(self) -> str:
        """As it is burnt in and named in playlists."""
        return f"{self.height}p"


LADDER = (
    Step(height=234, width=416, kbps=300),
    Step(height=432, width=768, kbps=900),
    Step(height=720, width=1280, kbps=2200),
)


def audio_arguments(film: Film) -> list[str]:
    """The sound: a quiet chord that swells and fades, 12 s long and repeated without a seam."""
    loop, rate = 12, 32000
    root = random.Random(film.seed).choice((98.0, 110.0, 123.5, 130.8, 146.8))
    third = random.Random(film.seed + 1).choice((2.4, 2.5))
    tones = []
    for place, ratio in enumerate((1.0, 1.5, 2.0, third)):
        hertz = round(root * ratio * loop) / loop  # whole waves in the loop
        swell = f"(0.55+0.45*sin(2*PI*t*{place + 1}/{loop}+{place}))"
        tones.append(f"{0.035 / (1 + place * 0.5):.4f}*sin(2*PI*{hertz:.4f}*t)*{swell}")
    source = f"aevalsrc='{'+'.join(tones)}':s={rate}:d={loop},aloop=loop=-1:size={loop * rate}"
    return [
        *("-f", "lavfi", "-i", source, "-t", str(film.seconds)),
        *("-c:a", "aac", "-b:a", "64k", "-ac", "1", *_BITEXACT, AUDIO),
    ]


def video_arguments(film: Film) -> list[str]:
    """The picture in all renditions, muxed with the sound, as HLS with CMAF segments."""
    arguments = ["-i", AUDIO, "-filter_complex_threads", "1", "-filter_complex", _graph(film)]
    for step in LADDER:
        arguments += ["-map", f"[v{step.height}]", "-map", "0:a"]
    frames = FPS * SEGMENT_SECONDS
    arguments += ["-c:a", "copy", "-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "main"]
    arguments += ["-crf", "24", "-g", str(frames), "-keyint_min", str(frames)]
    # One thread an encoder: with a capped rate more of them never give the same bytes twice.
    arguments += ["-sc_threshold", "0", "-pix_fmt", "yuv420p", "-threads:v", "1"]
    for place, step in enumerate(LADDER):
        cap = f"{round(step.kbps * _PICTURE_SHARE)}k"
        arguments += [f"-maxrate:v:{place}", cap, f"-bufsize:v:{place}", cap]
    streams = " ".join(f"v:{n},a:{n},name:{step.label}" for n, step in enumerate(LADDER))
    return [
        *arguments,
        *("-t", str(film.seconds), *_BITEXACT),
        *("-f", "hls", "-hls_time", str(SEGMENT_SECONDS), "-hls_playlist_type", "vod"),
        *("-hls_segment_type", "fmp4", "-hls_flags", "independent_segments"),
        *("-var_stream_map", streams, "-hls_fmp4_init_filename", "%v_init.mp4"),
        *("-hls_segment_filename", "%v_%03d.m4s", "%v.m3u8"),
    ]


def fingerprint(film: Film) -> str:
    """Twelve hex digits that change when the same film would be made differently."""
    recipe = repr((film.name, audio_arguments(film), video_arguments(film)))
    return hashlib.sha256(recipe.encode()).hexdigest()[:12]


_BITEXACT = ("-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact")


def _graph(film: Film) -> str:
    chance = random.Random(film.seed)
    # A second to spare: the change of frame rate swallows the last frames, -t cuts the rest.
    end = film.seconds + 1
    starts = range(0, end, SCENE_SECONDS)
    parts = [
        _scene(n, min(SCENE_SECONDS, end - start), film.palette, chance)
        for n, start in enumerate(starts)
    ]
    width, height = _GRAINED
    scenes = "".join(f"[s{n}]" for n in range(len(starts)))
    outputs = "".join(f"[p{step.height}]" for step in LADDER)
    parts.append(
        f"{scenes}concat=n={len(starts)},scale={width}:{height}:flags=bilinear,"
        f"noise=c0s=11:c0f=t:c0_seed={film.seed % 100_000},"
        f"drawbox=0:0:{width}:{_BAR}:black:fill,"
        f"drawbox=0:{height - _BAR}:{width}:{_BAR}:black:fill,split={len(LADDER)}{outputs}"
    )
    parts += [_rendition(step, film.palette) for step in LADDER]
    return ";".join(parts)


def _scene(number: int, seconds: int, palette: Palette, chance: random.Random) -> str:
    """One scene: gradient, light, and what stands before the light."""
    width, height = _SOURCE
    ground, figure, light = (_hex(colour) for colour in palette)
    middle = ground if number % 3 else figure
    clip = f"r={FPS // 2}:d={seconds}"
    size = chance.choice((110, 160, 220, 300))
    x, y = chance.randint(60, width - 60), chance.randint(45, 105)
    drift = chance.uniform(-7, 7)
    edge = size - 1
    return (
        f"gradients=s={width}x{height}:{clip}:n=3:c0={ground}:c1={middle}:c2={figure}:"
        f"type={chance.choice(('linear', 'linear', 'radial'))}:seed={chance.randrange(10_000)}:"
        f"speed=0.012[g{number}];"
        f"gradients=s={size}x{size}:{clip}:n=3:c0={light}:c1={light}58:c2={light}00:"
        f"x0={size // 2}:y0={size // 2}:x1={edge}:y1={size // 2}:type=radial:speed=0.00001,"
        f"format=rgba[l{number}];"
        f"[g{number}][l{number}]overlay=x='{x}-w/2+{drift:.2f}*t':y='{y}-h/2-1.5*t':shortest=1,"
        f"{_before(chance, ground)},format=yuv420p[s{number}]"
    )


def _before(chance: random.Random, ground: str) -> str:
    """A dark shape of boxes: a horizon, a doorway, pillars, a window, or nothing."""
    box = f":color={ground}:t=fill"
    kind = chance.choice(("horizon", "door", "pillars", "window", "sky"))
    if kind == "horizon":
        y = chance.randint(98, 128)
        return f"drawbox=x=0:y={y}:w=320:h=90{box}"
    if kind == "door":
        left, wide = chance.randint(70, 150), chance.randint(60, 110)
        return f"drawbox=x=0:y=0:w={left}:h=180{box},drawbox=x={left + wide}:y=0:w=320:h=180{box}"
    if kind == "pillars":
        step = chance.choice((53, 64, 80))
        return ",".join(
            f"drawbox=x={x}:y=0:w={step // 3}:h=180{box}" for x in range(step // 2, 320, step)
        )
    if kind == "window":
        return f"drawbox=x=158:y=0:w=5:h=180{box},drawbox=x=0:y=88:w=320:h=4{box}"
    return "null"


def _rendition(step: Step, palette: Palette) -> str:
    text = f"drawtext=fontfile={FONT}:fontcolor={_hex(palette.light)}"
    line = "y=h*0.9395-ascent/2:fontsize=h/30"
    name = f"textfile={NAME}:expansion=none"
    card = "fontsize=h/12:x=(w-tw)/2:y=(h-th)/2:alpha='clip((5-t)/2,0,1)':enable='lt(t,5)'"
    return (
        f"[p{step.height}]scale={step.width}:{step.height}:flags=fast_bilinear,"
        f"{text}:{name}:{card},{text}:{name}:x=w*0.03:{line},"
        f"{text}:text={step.label}:x=(w-tw)/2:{line},fps={FPS},"
        f"{text}:timecode='00\\:00\\:00\\:00':rate={FPS}:x=w*0.97-tw:{line}[v{step.height}]"
    )


def _hex(colour: str) -> str:
    return "0x" + colour.removeprefix("#")


RECIPE = fingerprint(
    Film(id="", name="", seconds=SCENE_SECONDS, palette=Palette("#0", "#1", "#2"), seed=0)
)
"""Changes when all films would be made differently; part of the name of their folder."""
