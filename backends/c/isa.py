"""How each instruction set spells vectors in C: data that the printer looks things up in.

A `VectorIsa` is a table: an operation of the loop level -> C text with {0}, {1}, … for its operands. {0:*} puts
an operand that binds less tightly than * into parentheses, {0:number} is what lies at an address. What a text calls
must stand in the prelude of the unit, which the table gives as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from lrc.backends.c.expressions import Text
from lrc.dialects.values.machines import Machine


@dataclass(frozen=True)
class VectorIsa:
    """The spellings of float32 vectors of `lanes` lanes.

    `type`: the vector type; `texts`: operation name -> C expression; `prelude`: C that a unit starts with.
    A missing entry is an error that names the operation: there is no silent way round.
    """

    name: str
    lanes: int
    type: str
    texts: Mapping[str, str]
    prelude: str

    @property
    def words(self) -> frozenset[str]:
        """The names that the texts say: the type's and those of functions."""
        texts = re.sub(r"\{.*?\}", "", " ".join(self.texts.values()))
        return frozenset({self.type, *re.findall(r"\b[a-z_]\w*", texts)})

    def text(self, operation: str, *operands: Text) -> str:
        """The C expression of an operation. Raises KeyError if the instruction set has none."""
        return self.texts[operation].format(*operands)


SCALAR = VectorIsa(
    name="scalar",
    lanes=1,
    type="float",
    texts={
        "load": "{0:number}",
        "load aligned": "{0:number}",
        "load lanes": "({1:+} > 0 ? {0:number} : 0.0f)",
        "store": "{0:number} = {1}",
        "store lanes": "if ({2:+} > 0) {0:number} = {1}",
        "broadcast": "{0}",
        "fma": "{0} += {1:*} * {2:unary}",
        "maximumf": "maximum({0}, {1})",
        "minimumf": "minimum({0}, {1})",
        "exp": "expf({0})",
        "tanh": "tanhf({0})",
        "add across": "{0}",
    },
    prelude="""\
/* not a number where one of both is not, as everywhere: of a constant, C compilers know that it is one */
static inline float maximum(float a, float b) { return a < b || b != b ? b : a; }
static inline float minimum(float a, float b) { return a > b || b != b ? b : a; }
""",
)


def elementary_functions(vec: str, mask: str) -> str:
    """exp and tanh of vectors in C, within three units in the last place: Cephes' polynomials in every lane.

    [Cephes](https://www.netlib.org/cephes/), single/expf.c and tanhf.c. Infinities, subnormal results and NaN come out
    as the C library has them.
    """
    return f"""\
static inline {vec} exponential({vec} x)
{{
    /* x = n log(2) + r, n rounded by a number whose last place is 1; beyond the limits the result is 0 or infinite */
    x = maximum(minimum(x, broadcast(89.0f)), broadcast(-104.0f));
    const {vec} rounded = x * broadcast(1.44269504f) + broadcast(12582912.0f);
    const {vec} n = rounded - broadcast(12582912.0f);
    const {vec} r = x - n * broadcast(0.693359375f) - n * broadcast(-2.12194440e-4f);
    {vec} p = broadcast(1.9875691500e-4f);
    p = p * r + broadcast(1.3981999507e-3f);
    p = p * r + broadcast(8.3334519073e-3f);
    p = p * r + broadcast(4.1665795894e-2f);
    p = p * r + broadcast(1.6666665459e-1f);
    p = p * r + broadcast(5.0000001201e-1f);
    p = p * r * r + r + broadcast(1.0f);
    /* times 2^n, in two steps: 2^128 is no number */
    const {mask} exponent = ({mask})rounded - ({mask})broadcast(12582912.0f), half = exponent >> 1;
    return p * ({vec})((half + 127) << 23) * ({vec})((exponent - half + 127) << 23);
}}
static inline {vec} hyperbolic_tangent({vec} x)
{{
    const {vec} square = x * x;
    {vec} p = broadcast(-5.70498872745e-3f);
    p = p * square + broadcast(2.06390887954e-2f);
    p = p * square + broadcast(-5.37397155531e-2f);
    p = p * square + broadcast(1.33314422036e-1f);
    p = p * square + broadcast(-3.33332819422e-1f);
    const {mask} small = ({mask})(square < broadcast(0.390625f));
    const {vec} near = p * square * x + x;
    const {vec} far = broadcast(1.0f) - broadcast(2.0f) / (exponential(x + x) + broadcast(1.0f));
    return ({vec})((({mask})near & small) | (({mask})far & ~small));
}}
"""


def vector_extension(lanes: int) -> VectorIsa:
    """Vectors as gcc and clang extend C: they become AVX-512, AVX2 or whatever the compiler is told."""
    size = 4 * lanes
    numbers = ", ".join(str(i) for i in range(lanes))
    copies = ", ".join("x" for _ in range(lanes))
    total = "a[0]" + "".join(f" + a[{i}]" for i in range(1, lanes))
    prelude = f"""\
typedef float vec __attribute__((vector_size({size})));
typedef float vec_anywhere __attribute__((vector_size({size}), aligned(4), may_alias));
typedef float vec_aligned __attribute__((vector_size({size}), aligned({size}), may_alias));
typedef int32_t vec_mask __attribute__((vector_size({size})));

static inline vec load(const float *p) {{ return *(const vec_anywhere *)(const void *)p; }}
static inline vec load_aligned(const float *p) {{ return *(const vec_aligned *)(const void *)p; }}
static inline void store(float *p, vec x) {{ *(vec_anywhere *)(void *)p = x; }}
static inline vec broadcast(float x) {{ return (vec){{{copies}}}; }}
static inline vec choose(vec_mask m, vec a, vec b) {{ return (vec)(((vec_mask)a & m) | ((vec_mask)b & ~m)); }}
/* not a number where one of both is not: of a constant b, C compilers know that it is one, and compare once */
static inline vec maximum(vec a, vec b) {{ return choose((a < b) | (b != b), b, a); }}
static inline vec minimum(vec a, vec b) {{ return choose((a > b) | (b != b), b, a); }}
/* the first n lanes of x, zero in the others */
static inline vec first_lanes(vec x, ptrdiff_t n)
{{
    const int32_t limit = n < {lanes} ? (int32_t)n : {lanes};
    return (vec)((vec_mask)x & ((vec_mask){{{numbers}}} < limit));
}}
static inline vec load_lanes(const float *p, ptrdiff_t n)
{{
    return n > 0 ? first_lanes(load(p), n) : broadcast(0.0f);
}}
static inline void store_lanes(float *p, vec x, ptrdiff_t n)
{{
    if (n > 0)
        store(p, first_lanes(x, n));
}}
{elementary_functions("vec", "vec_mask")}static inline float add_across(vec a) {{ return {total}; }}
"""
    texts = {
        "load": "load({0})",
        "load aligned": "load_aligned({0})",
        "load lanes": "load_lanes({0}, {1})",
        "store": "store({0}, {1})",
        "store lanes": "store_lanes({0}, {1}, {2})",
        "broadcast": "broadcast({0})",
        "fma": "{0} += {1:*} * {2:unary}",
        "maximumf": "maximum({0}, {1})",
        "minimumf": "minimum({0}, {1})",
        "exp": "exponential({0})",
        "tanh": "hyperbolic_tangent({0})",
        "shuffle": "__builtin_shufflevector({0}, {1}, {2})",
        "add across": "add_across({0})",
    }
    return VectorIsa(f"vector{lanes}", lanes, "vec", texts, prelude)


NEON = VectorIsa(
    name="neon",
    lanes=4,
    type="float32x4_t",
    texts={
        "load": "vld1q_f32({0})",
        "load aligned": "vld1q_f32({0})",
        "load lanes": "load_lanes({0}, {1})",
        "store": "vst1q_f32({0}, {1})",
        "store lanes": "store_lanes({0}, {1}, {2})",
        "broadcast": "vdupq_n_f32({0})",
        "fma": "{0} = vfmaq_f32({0}, {1}, {2})",
        "fma lane": "{0} = vfmaq_laneq_f32({0}, {1}, {2}, {3})",
        "even lanes": "even_lanes({0}, {1})",
        "odd lanes": "odd_lanes({0}, {1})",
        "maximumf": "vmaxq_f32({0}, {1})",
        "minimumf": "vminq_f32({0}, {1})",
        "exp": "exponential({0})",
        "tanh": "hyperbolic_tangent({0})",
        "shuffle": "__builtin_shufflevector({0}, {1}, {2})",
        "add across": "vaddvq_f32({0})",
    },
    prelude="""\
#include <arm_neon.h>

/* UZP1 and UZP2 as they are: compilers turn the intrinsics and their loads into LD2, and spill around it */
static inline float32x4_t even_lanes(float32x4_t a, float32x4_t b)
{
    float32x4_t lanes;
    __asm__("uzp1 %0.4s, %1.4s, %2.4s" : "=w"(lanes) : "w"(a), "w"(b));
    return lanes;
}
static inline float32x4_t odd_lanes(float32x4_t a, float32x4_t b)
{
    float32x4_t lanes;
    __asm__("uzp2 %0.4s, %1.4s, %2.4s" : "=w"(lanes) : "w"(a), "w"(b));
    return lanes;
}
/* the first n lanes of x, zero in the others */
static inline float32x4_t first_lanes(float32x4_t x, ptrdiff_t n)
{
    const int32x4_t numbers = {0, 1, 2, 3};
    const uint32x4_t inside = vcltq_s32(numbers, vdupq_n_s32(n < 4 ? (int32_t)n : 4));
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(x), inside));
}
static inline float32x4_t load_lanes(const float *p, ptrdiff_t n)
{
    return n > 0 ? first_lanes(vld1q_f32(p), n) : vdupq_n_f32(0.0f);
}
static inline void store_lanes(float *p, float32x4_t x, ptrdiff_t n)
{
    if (n > 0)
        vst1q_f32(p, first_lanes(x, n));
}
static inline float32x4_t broadcast(float x) { return vdupq_n_f32(x); }
static inline float32x4_t maximum(float32x4_t a, float32x4_t b) { return vmaxq_f32(a, b); }
static inline float32x4_t minimum(float32x4_t a, float32x4_t b) { return vminq_f32(a, b); }
"""
    + elementary_functions("float32x4_t", "int32x4_t"),
)


@cache
def isa_of(machine: Machine) -> VectorIsa:
    """How the vectors of a machine are spelled."""
    match machine.instructions:
        case "neon":
            return NEON
        case "vectors":
            return vector_extension(machine.lanes)
        case "scalar":
            return SCALAR
