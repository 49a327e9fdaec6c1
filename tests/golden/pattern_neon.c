/* tiny: kernel conv3x3_p2_2x1x4_i16_o16_relu. Vectors: neon, 4 floats. */
#include "tiny_kernels.h"

void tiny_conv3x3_p2_2x1x4_i16_o16_relu(const void *arguments, size_t begin, size_t end)
{
  const struct tiny_conv3x3_p2_2x1x4_i16_o16_relu_arguments *const a = arguments;
  const float *const input = a->input;
  float *const output = a->output;
  const uint16_t *const offset = a->offset;
  const uint8_t *const reorder = a->reorder;
  const uint8_t *const index = a->index;
  const uint8_t *const stride = a->stride;
  const float *const weight = a->weight;
  const float *const bias = a->bias;
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
  const ptrdiff_t width = a->width;
  for (size_t point = begin; point < end; point++) {
    const ptrdiff_t g = (ptrdiff_t)point % groups;
    const ptrdiff_t x = (ptrdiff_t)point / groups % columns;
    const ptrdiff_t y = (ptrdiff_t)point / groups / columns;
    const ptrdiff_t input_tile = input_first + y * 32 + x * 4;
    const ptrdiff_t output_tile = output_first + y * 32 + x * 4;
    const ptrdiff_t inside_columns = width - x * 4;
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
        float *const output_window = output + (output_tile + filter * output_channel);
        float32x4_t r0v0;
        float32x4_t r1v0;
        if (is_first) {
          const float32x4_t filter_bias = vdupq_n_f32(bias[filter]);
          r0v0 = filter_bias;
          r1v0 = filter_bias;
        } else {
          const float *row0 = output_window;
          __asm__("" : "+r"(row0));
          const float *row1 = output_window + 16;
          __asm__("" : "+r"(row1));
          r0v0 = load_lanes(row0, inside_columns);
          r1v0 = load_lanes(row1, inside_columns);
        }
        const ptrdiff_t kernels = (ptrdiff_t)offset[row];
        const ptrdiff_t runs = row * 3;
        const ptrdiff_t run1 = kernels + (ptrdiff_t)stride[runs + 1];
        const ptrdiff_t run2 = kernels + (ptrdiff_t)stride[runs + 2];
        for (ptrdiff_t k = kernels + (ptrdiff_t)stride[runs]; k < run1; k++) {
          /* pattern 110/110/000 */
          const float *const window = input + (input_block + (ptrdiff_t)index[k] * input_channel);
          const float *row0 = window;
          __asm__("" : "+r"(row0));
          const float *row1 = window + 16;
          __asm__("" : "+r"(row1));
          const float *row2 = window + 32;
          __asm__("" : "+r"(row2));
          const float32x4_t v = vld1q_f32(row0);
          const float32x4_t w = vld1q_f32(&weight[k * 4]);
          r0v0 = vfmaq_laneq_f32(r0v0, v, w, 0);
          const float32x4_t v_1 = vld1q_f32(row0 + 1);
          r0v0 = vfmaq_laneq_f32(r0v0, v_1, w, 1);
          const float32x4_t v_2 = vld1q_f32(row1);
          r0v0 = vfmaq_laneq_f32(r0v0, v_2, w, 2);
          r1v0 = vfmaq_laneq_f32(r1v0, v_2, w, 0);
          const float32x4_t v_3 = vld1q_f32(row1 + 1);
          r0v0 = vfmaq_laneq_f32(r0v0, v_3, w, 3);
          r1v0 = vfmaq_laneq_f32(r1v0, v_3, w, 1);
          const float32x4_t v_4 = vld1q_f32(row2);
          r1v0 = vfmaq_laneq_f32(r1v0, v_4, w, 2);
          const float32x4_t v_5 = vld1q_f32(row2 + 1);
          r1v0 = vfmaq_laneq_f32(r1v0, v_5, w, 3);
        }
        for (ptrdiff_t k = run1; k < run2; k++) {
          /* pattern 011/011/000 */
          const float *const window = input + (input_block + (ptrdiff_t)index[k] * input_channel);
          const float *row0 = window;
          __asm__("" : "+r"(row0));
          const float *row1 = window + 16;
          __asm__("" : "+r"(row1));
          const float *row2 = window + 32;
          __asm__("" : "+r"(row2));
          const float32x4_t v = vld1q_f32(row0 + 1);
          const float32x4_t w = vld1q_f32(&weight[k * 4]);
          r0v0 = vfmaq_laneq_f32(r0v0, v, w, 0);
          const float32x4_t v_1 = vld1q_f32(row0 + 2);
          r0v0 = vfmaq_laneq_f32(r0v0, v_1, w, 1);
          const float32x4_t v_2 = vld1q_f32(row1 + 1);
          r0v0 = vfmaq_laneq_f32(r0v0, v_2, w, 2);
          r1v0 = vfmaq_laneq_f32(r1v0, v_2, w, 0);
          const float32x4_t v_3 = vld1q_f32(row1 + 2);
          r0v0 = vfmaq_laneq_f32(r0v0, v_3, w, 3);
          r1v0 = vfmaq_laneq_f32(r1v0, v_3, w, 1);
          const float32x4_t v_4 = vld1q_f32(row2 + 1);
          r1v0 = vfmaq_laneq_f32(r1v0, v_4, w, 2);
          const float32x4_t v_5 = vld1q_f32(row2 + 2);
          r1v0 = vfmaq_laneq_f32(r1v0, v_5, w, 3);
        }
        if (is_last) {
          const float32x4_t zeros = vdupq_n_f32(0.0f);
          r0v0 = vmaxq_f32(r0v0, zeros);
          r1v0 = vmaxq_f32(r1v0, zeros);
        }
        store_lanes(output_window, r0v0, inside_columns);
        store_lanes(output_window + 16, r1v0, inside_columns);
      }
    }
  }
}

static void tiny_graph(tiny_t *m, const float *x, float *y) {
  float *const x_1 = ARENA(0);
  {
    const struct tiny_clear_lead_rows_tails_ragged_arguments arguments = {
      .buffer = x_1,
      .channels = 16,
      .first = 4,
      .channel = 256,
      .lead = 4,
      .top = 16,
      .below = 240,
      .bottom = 16,
      .height = 14,
      .picture = 16,
      .row = 16,
      .row_end = 16,
      .tail = 14,
    };
    LAUNCH(tiny_clear_lead_rows_tails_ragged, &arguments, (size_t)(16));
  }
  {
    const struct tiny_copy_ragged_arguments arguments = {
      .source = x,
      .source_first = 0,
      .source_channel = 196,
      .source_row = 14,
      .target = x_1,
      .target_first = 20,
      .target_channel = 256,
      .target_row = 16,
      .channels = 16,
      .rows = 14,
      .whole = 12,
      .width = 14,
    };
    LAUNCH(tiny_copy_ragged, &arguments, (size_t)(16 * 14));
  }
  float *const a = ARENA(16448);
  {
    const struct tiny_conv3x3_p2_2x1x4_i16_o16_relu_arguments arguments = {
      .input = x_1,
      .output = a,
      .offset = WEIGHTS(64),
      .reorder = WEIGHTS(128),
      .index = WEIGHTS(192),
      .stride = WEIGHTS(256),
      .weight = WEIGHTS(320),
      .bias = WEIGHTS(832),
      .rows = 7,
      .columns = 4,
      .groups = 1,
      .filters = 8,
      .group = 8,
      .blocks = 1,
      .block_stride = 4096,
      .input_channel = 256,
      .input_first = 3,
      .output_channel = 224,
      .output_first = 0,
      .width = 14,
    };
    LAUNCH(tiny_conv3x3_p2_2x1x4_i16_o16_relu, &arguments, (size_t)(7 * 4 * 1));
    LAYER(0, a);
  }
  {
    const struct tiny_copy_ragged_arguments arguments = {
      .source = a,
      .source_first = 0,
      .source_channel = 224,
      .source_row = 16,
      .target = y,
      .target_first = 0,
      .target_channel = 196,
      .target_row = 14,
      .channels = 8,
      .rows = 14,
      .whole = 12,
      .width = 14,
    };
    LAUNCH(tiny_copy_ragged, &arguments, (size_t)(8 * 14));
  }
}

