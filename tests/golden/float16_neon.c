/* halves: kernel conv3x3_f16_2x2x8_i24_o16. Vectors: neon, 8 halves. */
#include "halves_kernels.h"

void halves_conv3x3_f16_2x2x8_i24_o16(const void *arguments, size_t begin, size_t end)
{
  const struct halves_conv3x3_f16_2x2x8_i24_o16_arguments *const a = arguments;
  const float16_t *const input = a->input;
  float16_t *const output = a->output;
  const uint16_t *const offset = a->offset;
  const uint8_t *const reorder = a->reorder;
  const uint8_t *const index = a->index;
  const uint8_t *const stride = a->stride;
  const float16_t *const weight = a->weight;
  const float16_t *const bias = a->bias;
  const ptrdiff_t columns = a->columns;
  const ptrdiff_t groups = a->groups;
  const ptrdiff_t filters = a->filters;
  const ptrdiff_t group = a->group;
  const ptrdiff_t blocks = a->blocks;
  const ptrdiff_t block_stride = a->block_stride;
  const ptrdiff_t input_channel = a->input_channel;
  const ptrdiff_t input_first = a->input_first;
  const ptrdiff_t output_channel = a->output_channel;
  const ptrdiff_t output_first = a->output_first;
  for (size_t point = begin; point < end; point++) {
    const ptrdiff_t g = (ptrdiff_t)point % groups;
    const ptrdiff_t x = (ptrdiff_t)point / groups % columns;
    const ptrdiff_t y = (ptrdiff_t)point / groups / columns;
    const ptrdiff_t input_tile = input_first + y * 48 + x * 16;
    const ptrdiff_t output_tile = output_first + y * 32 + x * 16;
    const ptrdiff_t first_filter = g * group;
    const ptrdiff_t next_group = first_filter + group;
    const ptrdiff_t end_filter = next_group < filters ? next_group : filters;
    for (ptrdiff_t b = 0; b < blocks; b++) {
      const ptrdiff_t input_block = input_tile + b * block_stride;
      const bool is_first = b == 0;
      const bool is_last = b + 1 == blocks;
      const ptrdiff_t block_row = b * filters;
      for (ptrdiff_t f = first_filter; f < end_filter; f++) {
        const ptrdiff_t row = block_row + f;
        const ptrdiff_t filter = (ptrdiff_t)reorder[f];
        float16_t *const output_window = output + (output_tile + filter * output_channel);
        float16x8_t r0v0;
        float16x8_t r0v1;
        float16x8_t r1v0;
        float16x8_t r1v1;
        if (is_first) {
          const float16x8_t filter_bias = vdupq_n_f16(bias[filter]);
          r0v0 = filter_bias;
          r0v1 = filter_bias;
          r1v0 = filter_bias;
          r1v1 = filter_bias;
        } else {
          const float16_t *row0 = output_window;
          __asm__("" : "+r"(row0));
          const float16_t *row1 = output_window + 16;
          __asm__("" : "+r"(row1));
          r0v0 = vld1q_f16(row0);
          r0v1 = vld1q_f16(row0 + 8);
          r1v0 = vld1q_f16(row1);
          r1v1 = vld1q_f16(row1 + 8);
        }
        const ptrdiff_t kernels = (ptrdiff_t)offset[row];
        const ptrdiff_t runs = row * 2;
        const ptrdiff_t run1 = kernels + (ptrdiff_t)stride[runs + 1];
        for (ptrdiff_t k = kernels + (ptrdiff_t)stride[runs]; k < run1; k++) {
          const float16_t *const window = input + (input_block + (ptrdiff_t)index[k] * input_channel);
          const float16_t *row0 = window;
          __asm__("" : "+r"(row0));
          const float16_t *row1 = window + 24;
          __asm__("" : "+r"(row1));
          const float16_t *row2 = window + 48;
          __asm__("" : "+r"(row2));
          const float16x8_t v = vld1q_f16(row0);
          const float16x4_t w = vld1_f16(&weight[k * 4]);
          r0v0 = vfmaq_lane_f16(r0v0, v, w, 0);
          const float16x8_t v_1 = vld1q_f16(row0 + 1);
          const float16x8_t v_2 = kept_f16(v_1);
          r0v0 = vfmaq_lane_f16(r0v0, v_2, w, 1);
          const float16x8_t v_3 = vld1q_f16(row0 + 8);
          r0v1 = vfmaq_lane_f16(r0v1, v_3, w, 0);
          const float16x8_t v_4 = vld1q_f16(row0 + 9);
          const float16x8_t v_5 = kept_f16(v_4);
          r0v1 = vfmaq_lane_f16(r0v1, v_5, w, 1);
          const float16x8_t v_6 = vld1q_f16(row1);
          r0v0 = vfmaq_lane_f16(r0v0, v_6, w, 2);
          r1v0 = vfmaq_lane_f16(r1v0, v_6, w, 0);
          const float16x8_t v_7 = vld1q_f16(row1 + 1);
          const float16x8_t v_8 = kept_f16(v_7);
          r0v0 = vfmaq_lane_f16(r0v0, v_8, w, 3);
          r1v0 = vfmaq_lane_f16(r1v0, v_8, w, 1);
          const float16x8_t v_9 = vld1q_f16(row1 + 8);
          r0v1 = vfmaq_lane_f16(r0v1, v_9, w, 2);
          r1v1 = vfmaq_lane_f16(r1v1, v_9, w, 0);
          const float16x8_t v_10 = vld1q_f16(row1 + 9);
          const float16x8_t v_11 = kept_f16(v_10);
          r0v1 = vfmaq_lane_f16(r0v1, v_11, w, 3);
          r1v1 = vfmaq_lane_f16(r1v1, v_11, w, 1);
          const float16x8_t v_12 = vld1q_f16(row2);
          r1v0 = vfmaq_lane_f16(r1v0, v_12, w, 2);
          const float16x8_t v_13 = vld1q_f16(row2 + 1);
          const float16x8_t v_14 = kept_f16(v_13);
          r1v0 = vfmaq_lane_f16(r1v0, v_14, w, 3);
          const float16x8_t v_15 = vld1q_f16(row2 + 8);
          r1v1 = vfmaq_lane_f16(r1v1, v_15, w, 2);
          const float16x8_t v_16 = vld1q_f16(row2 + 9);
          const float16x8_t v_17 = kept_f16(v_16);
          r1v1 = vfmaq_lane_f16(r1v1, v_17, w, 3);
        }
        if (is_last) {
        }
        vst1q_f16(output_window, r0v0);
        vst1q_f16(output_window + 8, r0v1);
        vst1q_f16(output_window + 16, r1v0);
        vst1q_f16(output_window + 24, r1v1);
      }
    }
  }
}

static void halves_graph(halves_t *m, const float *x, float *y) {
  float *const x_1 = ARENA(0);
  {
    const struct halves_copy_arguments arguments = {
      .source = x,
      .source_first = 0,
      .source_channel = 128,
      .source_row = 16,
      .target = x_1,
      .target_first = 0,
      .target_channel = 128,
      .target_row = 16,
      .channels = 1,
      .rows = 1,
      .whole = 512,
    };
    LAUNCH(halves_copy, &arguments, (size_t)(1 * 1));
  }
  float16_t *const x_f16 = ARENA(2176);
  {
    const struct halves_clear_lead_rows_tails_f16_arguments arguments = {
      .buffer = x_f16,
      .channels = 4,
      .first = 8,
      .channel = 240,
      .lead = 8,
      .top = 24,
      .below = 216,
      .bottom = 24,
      .height = 8,
      .picture = 24,
      .row = 24,
      .row_end = 16,
    };
    LAUNCH(halves_clear_lead_rows_tails_f16, &arguments, (size_t)(4));
  }
  {
    const struct halves_cast_f32_to_f16_arguments arguments = {
      .source = x_1,
      .source_first = 0,
      .source_channel = 128,
      .source_row = 16,
      .target = x_f16,
      .target_first = 32,
      .target_channel = 240,
      .target_row = 24,
      .channels = 4,
      .rows = 8,
      .width = 16,
    };
    LAUNCH(halves_cast_f32_to_f16, &arguments, (size_t)(4 * 8));
    LAYER(0, x_f16);
  }
  float16_t *const a = ARENA(1152);
  {
    const struct halves_conv3x3_f16_2x2x8_i24_o16_arguments arguments = {
      .input = x_f16,
      .output = a,
      .offset = WEIGHTS(64),
      .reorder = WEIGHTS(128),
      .index = WEIGHTS(192),
      .stride = WEIGHTS(256),
      .weight = WEIGHTS(320),
      .bias = WEIGHTS(384),
      .rows = 4,
      .columns = 1,
      .groups = 2,
      .filters = 2,
      .group = 1,
      .blocks = 1,
      .block_stride = 960,
      .input_channel = 240,
      .input_first = 7,
      .output_channel = 128,
      .output_first = 0,
    };
    LAUNCH(halves_conv3x3_f16_2x2x8_i24_o16, &arguments, (size_t)(4 * 1 * 2));
    LAYER(1, a);
  }
  float *const a_f32 = ARENA(0);
  {
    const struct halves_cast_f16_to_f32_arguments arguments = {
      .source = a,
      .source_first = 0,
      .source_channel = 128,
      .source_row = 16,
      .target = a_f32,
      .target_first = 0,
      .target_channel = 128,
      .target_row = 16,
      .channels = 2,
      .rows = 8,
      .width = 16,
    };
    LAUNCH(halves_cast_f16_to_f32, &arguments, (size_t)(2 * 8));
    LAYER(2, a_f32);
  }
  {
    const struct halves_copy_arguments arguments = {
      .source = a_f32,
      .source_first = 0,
      .source_channel = 128,
      .source_row = 16,
      .target = y,
      .target_first = 0,
      .target_channel = 128,
      .target_row = 16,
      .channels = 1,
      .rows = 1,
      .whole = 256,
    };
    LAUNCH(halves_copy, &arguments, (size_t)(1 * 1));
  }
}

