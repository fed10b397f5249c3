"""Fréchet distance against dim(z): Fig. 4 of "Impact of the latent space"."""

from analysis.drawing.trade_off import Level
from analysis.figures.curve_figure import OF_MODELS, OF_MODELS_WORDS, Curves, Quantity, curve_figure
from analysis.results import Results
from analysis.text.protocol import held_out_words, quality_protocol
from analysis.text.published import marks_words
from raysweep.study.measures import MeasureSettings
from raysweep.study.measures.frechet import FrechetDistance


def floor(results: Results, measure: MeasureSettings) -> Level:
    """What held-out images score. All rows of the measure carry the same number."""
    row = results.rows(measure).iloc[0]
    return Level(float(row["floor"]), f"floor: {held_out_words(measure, int(row['floor_images']))}")


def distance_words(curves: Curves) -> str:
    """What is drawn of a distance to real images."""
    (content,) = curves.contents
    published = f" {marks_words(content.marks)}" if content.marks else ""
    return f"{OF_MODELS_WORDS}; grey: the same distance of real images ({content.levels[0].words}).{published}"


def _words(curves: Curves) -> tuple[str, str]:
    assert isinstance(curves.settings, FrechetDistance)
    fid = " This is the FID." if curves.settings.features == "inception" else ""
    counts = {*curves.rows["samples"], *curves.rows["floor_images"]}
    bias = (
        " Distances with different counts are not comparable: few images raise the distance." if len(counts) > 1 else ""
    )
    return (
        "Squared Fréchet distance between Gaussians fitted to features of real images and of the model's; smaller is "
        "better.",
        f"{distance_words(curves)} {quality_protocol(curves.results, curves.settings)}{fid}{bias}",
    )


FIGURE = curve_figure(
    "frechet_distance",
    "Fréchet distance",
    "frechet",
    [Quantity("Fréchet distance", "distance", floor, tabulated="Fréchet distance", published=True)],
    OF_MODELS,
    _words,
    "no Fréchet distance was measured",
    place=40,
)
