"""Names and texts of the C API."""

import pytest

from lrc.backends import c_api
from lrc.backends.emitted import EmittedModel, Port, c_identifier
from lrc.backends.lrw import WeightsLayout


def model(inputs: list[str], outputs: list[str], name: str = "net") -> EmittedModel:
    ports = [[Port(port, (1, 2)) for port in names] for names in (inputs, outputs)]
    return EmittedModel(name, "c", ports[0], ports[1], 0, (), "", (), "static void graph(void) {}")


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("vgg16", "vgg16"),
        ("vgg16-conv", "vgg16_conv"),
        ("s1a.conv1", "s1a_conv1"),
        ("int", "int_"),
        ("2x", "n2x"),
        ("bench", "bench_"),
        ("lrc", "lrc_"),
        ("NULL", "NULL_"),
        ("_Bool", "n_Bool"),
    ],
)
def test_names_become_identifiers(name: str, identifier: str) -> None:
    assert c_identifier(name) == identifier


def test_no_two_parameters_have_one_name() -> None:
    emitted = model(["x", "m", "a-b", "a.b"], ["x", "double"])
    assert emitted.input_names == ("x", "m_", "a_b", "a_b_")
    assert emitted.output_names == ("x_", "double_")
    assert emitted.parameters.startswith("const float *x, const float *m_,")
    assert emitted.parameters.endswith("float *x_, float *double_")


def test_only_the_word_name_is_filled() -> None:
    header = c_api.code_files(model(["x"], ["y"], "a-net"), WeightsLayout({}, 64), embed_weights=False)["a_net.h"]
    assert "int a_net_run(a_net_t *m, const float *x, float *y);" in header
    assert "NAME" not in header and "@" not in header
    assert "a_net_weights" not in header


def test_code_and_places_of_weights_make_the_hash() -> None:
    layouts = [WeightsLayout({"a": 64}, 128), WeightsLayout({"a": 64}, 192), WeightsLayout({"a": 128}, 192)]
    hashes = {c_api.model_hash(model(["x"], ["y"]), layout) for layout in layouts}
    hashes.add(c_api.model_hash(model(["x"], ["y"], "other"), layouts[0]))
    assert len(hashes) == 4
