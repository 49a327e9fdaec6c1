/* tiny: kernel conv3x3_p2_2x4x1_i15_o14_relu. Vectors: scalar, 1 floats. */
#include "tiny_kernels.h"

void tiny_conv3x3_p2_2x4x1_i15_o14_relu(const void *arguments, size_t begin, size_t end)
{
  const struct tiny_conv3x3_p2_2x4x1_i15_o14_relu_arguments *const a = arguments;
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
    const ptrdiff_t input_tile = input_first + y * 30 + x * 4;
    const ptrdiff_t output_tile = output_first + y * 28 + x * 4;
    const ptrdiff_t inside_columns = width - x * 4;
    const ptrdiff_t t = inside_columns - 1;
    const ptrdiff_t t_1 = inside_columns - 2;
    const ptrdiff_t t_2 = inside_columns - 3;
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
        float r0v0;
        float r0v1;
        float r0v2;
        float r0v3;
        float r1v0;
        float r1v1;
        float r1v2;
        float r1v3;
        if (is_first) {
          const float filter_bias = bias[filter];
          r0v0 = filter_bias;
          r0v1 = filter_bias;
          r0v2 = filter_bias;
          r0v3 = filter_bias;
          r1v0 = filter_bias;
          r1v1 = filter_bias;
          r1v2 = filter_bias;
          r1v3 = filter_bias;
        } else {
          r0v0 = (inside_columns > 0 ? output_window[0] : 0.0f);
          r0v1 = (t > 0 ? output_window[1] : 0.0f);
          r0v2 = (t_1 > 0 ? output_window[2] : 0.0f);
          r0v3 = (t_2 > 0 ? output_window[3] : 0.0f);
          r1v0 = (inside_columns > 0 ? output_window[14] : 0.0f);
          r1v1 = (t > 0 ? output_window[15] : 0.0f);
          r1v2 = (t_1 > 0 ? output_window[16] : 0.0f);
          r1v3 = (t_2 > 0 ? output_window[17] : 0.0f);
        }
        const ptrdiff_t kernels = (ptrdiff_t)offset[row];
        const ptrdiff_t runs = row * 3;
        const ptrdiff_t run1 = kernels + (ptrdiff_t)stride[runs + 1];
        const ptrdiff_t run2 = kernels + (ptrdiff_t)stride[runs + 2];
        for (ptrdiff_t k = kernels + (ptrdiff_t)stride[runs]; k < run1; k++) {
          /* pattern 110/110/000 */
          const float *const window = input + (input_block + (ptrdiff_t)index[k] * input_channel);
          const ptrdiff_t first_weight = k * 4;
          const float v = window[0];
          const float w = weight[first_weight];
          r0v0 += v * w;
          const float v_1 = window[1];
          const float w_1 = weight[first_weight + 1];
          r0v0 += v_1 * w_1;
          r0v1 += v_1 * w;
          const float v_2 = window[2];
          r0v1 += v_2 * w_1;
          r0v2 += v_2 * w;
          const float v_3 = window[3];
          r0v2 += v_3 * w_1;
          r0v3 += v_3 * w;
          const float v_4 = window[4];
          r0v3 += v_4 * w_1;
          const float v_5 = window[15];
          const float w_2 = weight[first_weight + 2];
          r0v0 += v_5 * w_2;
          r1v0 += v_5 * w;
          const float v_6 = window[16];
          const float w_3 = weight[first_weight + 3];
          r0v0 += v_6 * w_3;
          r0v1 += v_6 * w_2;
          r1v0 += v_6 * w_1;
          r1v1 += v_6 * w;
          const float v_7 = window[17];
          r0v1 += v_7 * w_3;
          r0v2 += v_7 * w_2;
          r1v1 += v_7 * w_1;
          r1v2 += v_7 * w;
          const float v_8 = window[18];
          r0v2 += v_8 * w_3;
          r0v3 += v_8 * w_2;
          r1v2 += v_8 * w_1;
          r1v3 += v_8 * w;
          const float v_9 = window[19];
          r0v3 += v_9 * w_3;
          r1v3 += v_9 * w_1;
          const float v_10 = window[30];
          r1v0 += v_10 * w_2;
          const float v_11 = window[31];
          r1v0 += v_11 * w_3;
          r1v1 += v_11 * w_2;
          const float v_12 = window[32];
          r1v1 += v_12 * w_3;
          r1v2 += v_12 * w_2;
          const float v_13 = window[33];
          r1v2 += v_13 * w_3;
          r1v3 += v_13 * w_2;
          const float v_14 = window[34];
          r1v3 += v_14 * w_3;
        }
        for (ptrdiff_t k = run1; k < run2; k++) {
          /* pattern 011/011/000 */
          const float *const window = input + (input_block + (ptrdiff_t)index[k] * input_channel);
          const ptrdiff_t first_weight = k * 4;
          const float v = window[1];
          const float w = weight[first_weight];
          r0v0 += v * w;
          const float v_1 = window[2];
          const float w_1 = weight[first_weight + 1];
          r0v0 += v_1 * w_1;
          r0v1 += v_1 * w;
          const float v_2 = window[3];
          r0v1 += v_2 * w_1;
          r0v2 += v_2 * w;
          const float v_3 = window[4];
          r0v2 += v_3 * w_1;
          r0v3 += v_3 * w;
          const float v_4 = window[5];
          r0v3 += v_4 * w_1;
          const float v_5 = window[16];
          const float w_2 = weight[first_weight + 2];
          r0v0 += v_5 * w_2;
          r1v0 += v_5 * w;
          const float v_6 = window[17];
          const float w_3 = weight[first_weight + 3];
          r0v0 += v_6 * w_3;
          r0v1 += v_6 * w_2;
          r1v0 += v_6 * w_1;
          r1v1 += v_6 * w;
          const float v_7 = window[18];
          r0v1 += v_7 * w_3;
          r0v2 += v_7 * w_2;
          r1v1 += v_7 * w_1;
          r1v2 += v_7 * w;
          const float v_8 = window[19];
          r0v2 += v_8 * w_3;
          r0v3 += v_8 * w_2;
          r1v2 += v_8 * w_1;
          r1v3 += v_8 * w;
          const float v_9 = window[20];
          r0v3 += v_9 * w_3;
          r1v3 += v_9 * w_1;
          const float v_10 = window[31];
          r1v0 += v_10 * w_2;
          const float v_11 = window[32];
          r1v0 += v_11 * w_3;
          r1v1 += v_11 * w_2;
          const float v_12 = window[33];
          r1v1 += v_12 * w_3;
          r1v2 += v_12 * w_2;
          const float v_13 = window[34];
          r1v2 += v_13 * w_3;
          r1v3 += v_13 * w_2;
          const float v_14 = window[35];
          r1v3 += v_14 * w_3;
        }
        if (is_last) {
          r0v0 = maximum(r0v0, 0.0f);
          r0v1 = maximum(r0v1, 0.0f);
          r0v2 = maximum(r0v2, 0.0f);
          r0v3 = maximum(r0v3, 0.0f);
          r1v0 = maximum(r1v0, 0.0f);
          r1v1 = maximum(r1v1, 0.0f);
          r1v2 = maximum(r1v2, 0.0f);
          r1v3 = maximum(r1v3, 0.0f);
        }
        if (inside_columns > 0) output_window[0] = r0v0;
        if (t > 0) output_window[1] = r0v1;
        if (t_1 > 0) output_window[2] = r0v2;
        if (t_2 > 0) output_window[3] = r0v3;
        if (inside_columns > 0) output_window[14] = r1v0;
        if (t > 0) output_window[15] = r1v1;
        if (t_1 > 0) output_window[16] = r1v2;
        if (t_2 > 0) output_window[17] = r1v3;
      }
    }
  }
}

static void tiny_graph(tiny_t *m, const float *x, float *y) {
  float *const x_1 = ARENA(0);
  {
    const struct tiny_clear_lead_rows_tails_arguments arguments = {
      .buffer = x_1,
      .channels = 16,
      .first = 1,
      .channel = 240,
      .lead = 1,
      .top = 15,
      .below = 225,
      .bottom = 15,
      .height = 14,
      .picture = 15,
      .row = 15,
      .row_end = 14,
    };
    LAUNCH(tiny_clear_lead_rows_tails, &arguments, (size_t)(16));
  }
  {
    const struct tiny_copy_arguments arguments = {
      .source = x,
      .source_first = 0,
      .source_channel = 196,
      .source_row = 14,
      .target = x_1,
      .target_first = 16,
      .target_channel = 240,
      .target_row = 15,
      .channels = 16,
      .rows = 14,
      .whole = 14,
    };
    LAUNCH(tiny_copy, &arguments, (size_t)(16 * 14));
  }
  float *const a_ = ARENA(15424);
  {
    const struct tiny_conv3x3_p2_2x4x1_i15_o14_relu_arguments arguments = {
      .input = x_1,
      .output = a_,
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
      .block_stride = 3840,
      .input_channel = 240,
      .input_first = 0,
      .output_channel = 196,
      .output_first = 0,
      .width = 14,
    };
    LAUNCH(tiny_conv3x3_p2_2x4x1_i15_o14_relu, &arguments, (size_t)(7 * 4 * 1));
    LAYER(0, a_);
  }
  {
    const struct tiny_copy_arguments arguments = {
      .source = a_,
      .source_first = 0,
      .source_channel = 196,
      .source_row = 14,
      .target = y,
      .target_first = 0,
      .target_channel = 196,
      .target_row = 14,
      .channels = 1,
      .rows = 1,
      .whole = 1568,
    };
    LAUNCH(tiny_copy, &arguments, (size_t)(1 * 1));
  }
}

