"""A checkpoint as torch saves it fits a `.lr` file, whatever torch's modules and containers are called."""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file  # pyright: ignore[reportUnknownVariableType]
from torch import nn

import lrc
from lrc import interpreters

NET = """
model resnet {
  weights "resnet.safetensors"
  input x: f32[1, 3, 17, 19]

  block conv3(x, filters, stride = 1) {
    conv: conv2d(x) { filters, kernel: 3, stride, pad: 1, bias: false }
    bn: batch_norm(conv)
    result bn
  }

  block basic(x, filters = channels(x)) {
    a: conv3(x, filters) { weights: "first" }
    b: relu(a)
    c: conv3(b, filters) { weights: "second" }
    sum: add(c, x)
    out: relu(sum)
    result out
  }

  block shrink(x, filters) {
    conv1: conv2d(x) { filters, kernel: 3, stride: 2, pad: 1, bias: false, weights: "first.conv" }
    bn1: batch_norm(conv1) { weights: "first.bn" }
    act: relu(bn1)
    c: conv3(act, filters) { weights: "second" }
    short: conv2d(x) { filters, kernel: 1, stride: 2, weights: "downsample.0" }
    norm: batch_norm(short) { weights: "downsample.1" }
    sum: add(c, norm)
    out: relu(sum)
    result out
  }

  stem: conv2d(x) { filters: 8, kernel: 3, pad: 1, bias: false, weights: "stem.0" }
  bn: batch_norm(stem) { weights: "stem.1" }
  act: relu(bn)
  layer1: repeat(3) basic(act)
  shrunk: shrink(layer1, filters: 12) { weights: "layer2.0" }
  rest: basic(shrunk) { weights: "layer2.1" }
  mean: global_avg_pool(rest)
  flat: flatten(mean)
  fc: linear(flat) { units: 5, weights: "head.1" }
  output y = fc
  output early = layer1.0
}
"""


def conv3(channels: int, filters: int, stride: int = 1) -> nn.Module:
    net = nn.Sequential()
    net.add_module("conv", nn.Conv2d(channels, filters, 3, stride, 1, bias=False))
    net.add_module("bn", nn.BatchNorm2d(filters))
    return net


class Basic(nn.Module):
    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        stride = 1 if channels == filters else 2
        self.first = conv3(channels, filters, stride)
        self.second = conv3(filters, filters)
        self.downsample: nn.Module = nn.Identity()
        if stride == 2:
            self.downsample = nn.Sequential(nn.Conv2d(channels, filters, 1, 2), nn.BatchNorm2d(filters))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.second(torch.relu(self.first(x))) + self.downsample(x))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.layer1 = nn.Sequential(Basic(8, 8), Basic(8, 8), Basic(8, 8))
        self.layer2 = nn.Sequential(Basic(8, 12), Basic(12, 12))
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(12, 5))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = self.stem(x)
        early = self.layer1[0](x)
        return self.head(self.layer2(self.layer1(x)).mean((2, 3), keepdim=True)), early


def test_a_checkpoint_of_sequentials(tmp_path: Path) -> None:
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]
    net = Net().eval()
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                for array in (module.weight, module.bias, module.running_mean, module.running_var):
                    assert array is not None
                    array.uniform_(0.5, 1.5)
        x = torch.randn(1, 3, 17, 19)
        expected = [output.numpy() for output in net(x)]
    save_file(net.state_dict(), tmp_path / "resnet.safetensors")
    (tmp_path / "resnet.lr").write_text(NET, encoding="utf-8")
    module = lrc.load(tmp_path / "resnet.lr")
    with lrc.compile(module, target="host") as compiled:
        found = compiled(x.numpy())
    for ours, reference, theirs in zip(found, interpreters.run(module, [x.numpy()]), expected, strict=True):
        np.testing.assert_allclose(reference, theirs, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_layers_share_arrays() -> None:
    """What is folded into each use of an array stays its own."""
    module = lrc.parse("""
model shared {
  weights random(seed: 0)
  input x: f32[1, 4, 9, 9]
  a: conv2d(x) { filters: 4, kernel: 3, pad: 1, bias: false, weights: "conv" }
  bn_a: batch_norm(a)
  b: conv2d(bn_a) { filters: 4, kernel: 3, pad: 1, bias: false, weights: "conv" }
  bn_b: batch_norm(b)
  c: conv2d(bn_b) { filters: 4, kernel: 3, pad: 1, bias: false, weights: "conv" }
  output y = c
}
""")
    x = np.random.default_rng(0).standard_normal((1, 4, 9, 9), np.float32)
    (expected,) = interpreters.run(module, [x])
    with lrc.compile(module, target="host") as net:
        np.testing.assert_allclose(net(x), expected, rtol=1e-4, atol=1e-4 * float(np.abs(expected).max()))
