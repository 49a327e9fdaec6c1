"""Texts of the C API."""

from lrc.backends import c_api
from lrc.backends.emitted import EmittedModel, LayerRow, Port
from lrc.backends.lrw import WeightsLayout
from lrc.dialects.values.machines import MACHINES


def model(inputs: list[str], outputs: list[str], name: str = "net") -> EmittedModel:
    ports = [[Port(port, (1, 2)) for port in names] for names in (inputs, outputs)]
    return EmittedModel(name, MACHINES["c"], ports[0], ports[1], 0, (), "", (), "static void graph(void) {}")


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


def test_names_of_the_users_stay_within_comments_and_strings() -> None:
    name = '*/ int "x\\ ??/\n/* é'
    layer = LayerRow(name, 'ki"nd', 1, 1, 1, 1, 0, 1, 1, "f32")
    emitted = EmittedModel(name, MACHINES["c"], (), (), 0, (layer,), "", (), "")
    texts = c_api.code_files(emitted, WeightsLayout({}, 64), embed_weights=False)
    title = r'* / int "x\\ ? ?/\n/ * \xe9'
    assert texts["int_x.h"].startswith(f"/* {title}, compiled by")
    assert f"/* {title}: what" in texts["int_x_kernels.h"]
    assert r'{"*/ int \042x\134 \077\077/\012/* \303\251", "ki\042nd", 1,' in texts["int_x.c"]
