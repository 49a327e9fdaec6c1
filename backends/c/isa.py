"""How each instruction set spells vectors in C: data that the printer looks things up in.

A `Vectors` is a table for one type of vector: an operation of the loop level -> C text with {0}, {1}, … for its
operands. {0:*} puts an operand that binds less tightly than * into parentheses, {0:number} is what lies at an address.
What a text calls must stand in the prelude of the unit, which the instruction set gives as well.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from lrc.backends.c.expressions import Text
from lrc.dialects.values.elements import F16, F32, Element
from lrc.dialects.values.machines import Machine

NUMBERS: Final[Mapping[Element, str]] = {F32: "floats", F16: "halves"}
"""How numbers of a type are called in a text."""


@dataclass(frozen=True)
class Vectors:
    """The spellings of vectors of `lanes` numbers of one type.

    `type`: the vector type; `texts`: operation name -> C expression. A missing entry is an error that names the
    operation: there is no silent way round.
    """

    element: Element
    lanes: int
    type: str
    texts: Mapping[str, str]

    @property
    def words(self) -> frozenset[str]:
        """The names that the texts say: the type's and those of functions."""
        texts = re.sub(r"\{.*?\}", "", " ".join(self.texts.values()))
        return frozenset({self.type, *re.findall(r"\b[a-z_]\w*", texts)})

    def text(self, operation: str, *operands: Text) -> str:
        """The C expression of an operation. Raises KeyError if the instruction set has none."""
        return self.texts[operation].format(*operands)


@dataclass(frozen=True)
class VectorIsa:
    """How an instruction set is written in C.

    `vectors`: those of each type that there are, of float32 first; `numbers`: the C type of one number; `preludes`: C
    that a unit begins with which computes with numbers of a type, each building on those before.
    """

    name: str
    vectors: tuple[Vectors, ...]
    numbers: Mapping[Element, str]
    preludes: Mapping[Element, str]

    @property
    def lanes(self) -> int:
        """Numbers of a vector of float32."""
        return self.vectors[0].lanes

    @property
    def words(self) -> frozenset[str]:
        """The names that texts say."""
        return frozenset(self.numbers.values()).union(*(each.words for each in self.vectors))

    def of(self, element: Element, lanes: int) -> Vectors | None:
        """The vectors of so many numbers of a type, if there are any."""
        return next((each for each in self.vectors if (each.element, each.lanes) == (element, lanes)), None)

    def shown(self, elements: Collection[Element]) -> str:
        """Its vectors of these types, in words; of float32 if it is asked for none."""
        used = elements or {F32}
        widest = {each.element: each.lanes for each in reversed(self.vectors)}
        return ", ".join(f"{widest[each]} {NUMBERS[each]}" for each in NUMBERS if each in used)

    def prelude(self, elements: Iterable[Element] = ()) -> str:
        """What a unit begins with that computes with these types, beside float32."""
        used = {F32, *elements}
        return "\n".join(text for element, text in self.preludes.items() if element in used)


SCALAR = VectorIsa(
    name="scalar",
    vectors=(
        Vectors(
            F32,
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
        ),
        Vectors(
            F16,
            lanes=1,
            type="_Float16",
            texts={
                "load": "{0:number}",
                "load aligned": "{0:number}",
                "load lanes": "({1:+} > 0 ? {0:number} : (_Float16)0.0f)",
                "store": "{0:number} = {1}",
                "store lanes": "if ({2:+} > 0) {0:number} = {1}",
                "broadcast": "{0}",
                "fma": "{0} += {1:*} * {2:unary}",
                "maximumf": "maximum_f16({0}, {1})",
                "minimumf": "minimum_f16({0}, {1})",
                "exp": "(_Float16)expf((float)({0}))",
                "tanh": "(_Float16)tanhf((float)({0}))",
            },
        ),
    ),
    numbers={F32: "float", F16: "_Float16"},
    preludes={
        F32: """\
/* not a number where one of both is not, as everywhere: of a constant, C compilers know that it is one */
static inline float maximum(float a, float b) { return a < b || b != b ? b : a; }
static inline float minimum(float a, float b) { return a > b || b != b ? b : a; }
""",
        F16: """\
static inline _Float16 maximum_f16(_Float16 a, _Float16 b) { return a < b || b != b ? b : a; }
static inline _Float16 minimum_f16(_Float16 a, _Float16 b) { return a > b || b != b ? b : a; }
""",
    },
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
    return VectorIsa(f"vector{lanes}", (Vectors(F32, lanes, "vec", texts),), {F32: "float"}, {F32: prelude})


NEON_FLOATS = Vectors(
    F32,
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
)

NEON_HALVES = Vectors(
    F16,
    lanes=8,
    type="float16x8_t",
    texts={
        "load": "vld1q_f16({0})",
        "load aligned": "vld1q_f16({0})",
        "load lanes": "load_lanes_f16({0}, {1})",
        "store": "vst1q_f16({0}, {1})",
        "store lanes": "store_lanes_f16({0}, {1}, {2})",
        "broadcast": "vdupq_n_f16({0})",
        "fma": "{0} = vfmaq_f16({0}, {1}, {2})",
        "fma lane": "{0} = vfmaq_laneq_f16({0}, {1}, {2}, {3})",
        "fma lane of half": "{0} = vfmaq_lane_f16({0}, {1}, {2}, {3})",
        "keep": "kept_f16({0})",
        "even lanes": "even_lanes_f16({0}, {1})",
        "odd lanes": "odd_lanes_f16({0}, {1})",
        # C operators on these would compute in float32, and go there and back
        "addf": "vaddq_f16({0}, {1})",
        "subf": "vsubq_f16({0}, {1})",
        "mulf": "vmulq_f16({0}, {1})",
        "divf": "vdivq_f16({0}, {1})",
        "maximumf": "vmaxq_f16({0}, {1})",
        "minimumf": "vminq_f16({0}, {1})",
        "exp": "exponential_f16({0})",
        "tanh": "hyperbolic_tangent_f16({0})",
        "shuffle": "__builtin_shufflevector({0}, {1}, {2})",
    },
)

NEON_HALF_REGISTER = Vectors(F16, lanes=4, type="float16x4_t", texts={"load": "vld1_f16({0})"})

NEON = VectorIsa(
    name="neon",
    vectors=(NEON_FLOATS, NEON_HALVES, NEON_HALF_REGISTER),
    numbers={F32: "float", F16: "float16_t"},
    preludes={
        F32: """\
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
        F16: """\
/* loads stay on their side of this */
static inline float16x8_t kept_f16(float16x8_t x)
{
    __asm__ volatile("" : "+w"(x));
    return x;
}
static inline float16x8_t even_lanes_f16(float16x8_t a, float16x8_t b)
{
    float16x8_t lanes;
    __asm__("uzp1 %0.8h, %1.8h, %2.8h" : "=w"(lanes) : "w"(a), "w"(b));
    return lanes;
}
static inline float16x8_t odd_lanes_f16(float16x8_t a, float16x8_t b)
{
    float16x8_t lanes;
    __asm__("uzp2 %0.8h, %1.8h, %2.8h" : "=w"(lanes) : "w"(a), "w"(b));
    return lanes;
}
static inline float16x8_t first_lanes_f16(float16x8_t x, ptrdiff_t n)
{
    const int16x8_t numbers = {0, 1, 2, 3, 4, 5, 6, 7};
    const uint16x8_t inside = vcltq_s16(numbers, vdupq_n_s16(n < 8 ? (int16_t)n : 8));
    return vreinterpretq_f16_u16(vandq_u16(vreinterpretq_u16_f16(x), inside));
}
static inline float16x8_t load_lanes_f16(const float16_t *p, ptrdiff_t n)
{
    return n > 0 ? first_lanes_f16(vld1q_f16(p), n) : vreinterpretq_f16_u16(vdupq_n_u16(0));
}
static inline void store_lanes_f16(float16_t *p, float16x8_t x, ptrdiff_t n)
{
    if (n > 0)
        vst1q_f16(p, first_lanes_f16(x, n));
}
/* in float32, rounded once */
static inline float16x8_t exponential_f16(float16x8_t x)
{
    const float32x4_t low = exponential(vcvt_f32_f16(vget_low_f16(x)));
    return vcvt_high_f16_f32(vcvt_f16_f32(low), exponential(vcvt_high_f32_f16(x)));
}
static inline float16x8_t hyperbolic_tangent_f16(float16x8_t x)
{
    const float32x4_t low = hyperbolic_tangent(vcvt_f32_f16(vget_low_f16(x)));
    return vcvt_high_f16_f32(vcvt_f16_f32(low), hyperbolic_tangent(vcvt_high_f32_f16(x)));
}
""",
    },
)


@cache
def isa_of(machine: Machine) -> VectorIsa:
    """How the vectors of a machine are spelled."""
    match machine.instructions:
        case "neon":
            return NEON
        case "vectors":
            return vector_extension(machine.lanes_of(F32))
        case "scalar":
            return SCALAR
