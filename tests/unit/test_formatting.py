"""The canonical layout, shown on one untidy file."""

from lrc.frontend import format

UNTIDY = """\
# a header


# and its second part
model   tidy{   # inside the model
weights random( seed:0 ) input x:f32[1,3,8,8]   # a picture
patterns p8 = ["110/110/000","011/011/000","000/110/110","000/011/011","010/111/000","000/111/010","010/110/010"]
patterns two = ["110/110/000", # upper left
  "011/011/000"]
block act(x,filters,stride=1,){ # what a block is for
  c:conv2d(x){filters kernel:3,stride,pad:1
     sparsity:pattern(p8,keep:1 / 3.6) tuning:{tile:[ 64,4 ],load:aligned}}


  r:relu(c) result r }
a:act(x,filters:(2+2)*channels(x)-1) b:relu(a){}
# before the output
output y=b # behind the output
# at the end
}
"""

TIDY = """\
# a header

# and its second part
model tidy {
  # inside the model
  weights random(seed: 0)
  input x: f32[1, 3, 8, 8]  # a picture
  patterns p8 = ["110/110/000", "011/011/000", "000/110/110", "000/011/011",
                 "010/111/000", "000/111/010", "010/110/010"]
  patterns two = [
    "110/110/000",  # upper left
    "011/011/000"
  ]
  block act(x, filters, stride = 1) {
    # what a block is for
    c: conv2d(x) {
      filters
      kernel: 3
      stride
      pad: 1
      sparsity: pattern(p8, keep: 1/3.6)
      tuning: { tile: [64, 4], load: aligned }
    }

    r: relu(c)
    result r
  }
  a: act(x, filters: (2 + 2) * channels(x) - 1)
  b: relu(a)
  # before the output
  output y = b  # behind the output
  # at the end
}
"""


def test_an_untidy_file() -> None:
    assert format(UNTIDY) == TIDY


def test_a_tidy_file() -> None:
    assert format(TIDY) == TIDY
