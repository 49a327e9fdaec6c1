/* depthwise: kernel conv3x3_s2x2_2x2x1_i10_o5_relu6. Vectors: scalar, 1 floats. */
#include "depthwise_kernels.h"

void depthwise_conv3x3_s2x2_2x2x1_i10_o5_relu6(const void *arguments, size_t begin, size_t end)
{
  const struct depthwise_conv3x3_s2x2_2x2x1_i10_o5_relu6_arguments *const a = arguments;
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
  const ptrdiff_t height = a->height;
  const ptrdiff_t width = a->width;
  for (size_t point = begin; point < end; point++) {
    const ptrdiff_t g = (ptrdiff_t)point % groups;
    const ptrdiff_t x = (ptrdiff_t)point / groups % columns;
    const ptrdiff_t y = (ptrdiff_t)point / groups / columns;
    const ptrdiff_t input_tile = input_first + y * 40 + x * 4;
    const ptrdiff_t output_tile = output_first + y * 10 + x * 2;
    const ptrdiff_t inside_rows = height - y * 2;
    const ptrdiff_t inside_columns = width - x * 2;
    const ptrdiff_t lanes1 = inside_columns - 1;
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
        float r1v0;
        float r1v1;
        if (is_first) {
          const float filter_bias = bias[filter];
          r0v0 = filter_bias;
          r0v1 = filter_bias;
          r1v0 = filter_bias;
          r1v1 = filter_bias;
        } else {
          float before;
          float before_1;
          if (0 < inside_rows) {
            before = (inside_columns > 0 ? output_window[0] : 0.0f);
            before_1 = (lanes1 > 0 ? output_window[1] : 0.0f);
          } else {
            before = 0.0f;
            before_1 = 0.0f;
          }
          float before_2;
          float before_3;
          if (1 < inside_rows) {
            before_2 = (inside_columns > 0 ? output_window[5] : 0.0f);
            before_3 = (lanes1 > 0 ? output_window[6] : 0.0f);
          } else {
            before_2 = 0.0f;
            before_3 = 0.0f;
          }
          r0v0 = before;
          r0v1 = before_1;
          r1v0 = before_2;
          r1v1 = before_3;
        }
        const ptrdiff_t kernels = (ptrdiff_t)offset[row];
        const ptrdiff_t runs = row * 2;
        const ptrdiff_t run1 = kernels + (ptrdiff_t)stride[runs + 1];
        for (ptrdiff_t k = kernels + (ptrdiff_t)stride[runs]; k < run1; k++) {
          const float *const window = input + (input_block + (ptrdiff_t)index[k] * input_channel);
          const ptrdiff_t first_weight = k * 9;
          const float v = window[0];
          const float w = weight[first_weight];
          r0v0 += v * w;
          const float v_1 = window[1];
          const float w_1 = weight[first_weight + 1];
          r0v0 += v_1 * w_1;
          const float v_2 = window[2];
          const float w_2 = weight[first_weight + 2];
          r0v0 += v_2 * w_2;
          r0v1 += v_2 * w;
          const float v_3 = window[3];
          r0v1 += v_3 * w_1;
          const float v_4 = window[4];
          r0v1 += v_4 * w_2;
          const float v_5 = window[10];
          const float w_3 = weight[first_weight + 3];
          r0v0 += v_5 * w_3;
          const float v_6 = window[11];
          const float w_4 = weight[first_weight + 4];
          r0v0 += v_6 * w_4;
          const float v_7 = window[12];
          const float w_5 = weight[first_weight + 5];
          r0v0 += v_7 * w_5;
          r0v1 += v_7 * w_3;
          const float v_8 = window[13];
          r0v1 += v_8 * w_4;
          const float v_9 = window[14];
          r0v1 += v_9 * w_5;
          const float v_10 = window[20];
          const float w_6 = weight[first_weight + 6];
          r0v0 += v_10 * w_6;
          r1v0 += v_10 * w;
          const float v_11 = window[21];
          const float w_7 = weight[first_weight + 7];
          r0v0 += v_11 * w_7;
          r1v0 += v_11 * w_1;
          const float v_12 = window[22];
          const float w_8 = weight[first_weight + 8];
          r0v0 += v_12 * w_8;
          r0v1 += v_12 * w_6;
          r1v0 += v_12 * w_2;
          r1v1 += v_12 * w;
          const float v_13 = window[23];
          r0v1 += v_13 * w_7;
          r1v1 += v_13 * w_1;
          const float v_14 = window[24];
          r0v1 += v_14 * w_8;
          r1v1 += v_14 * w_2;
          const float v_15 = window[30];
          r1v0 += v_15 * w_3;
          const float v_16 = window[31];
          r1v0 += v_16 * w_4;
          const float v_17 = window[32];
          r1v0 += v_17 * w_5;
          r1v1 += v_17 * w_3;
          const float v_18 = window[33];
          r1v1 += v_18 * w_4;
          const float v_19 = window[34];
          r1v1 += v_19 * w_5;
          const float v_20 = window[40];
          r1v0 += v_20 * w_6;
          const float v_21 = window[41];
          r1v0 += v_21 * w_7;
          const float v_22 = window[42];
          r1v0 += v_22 * w_8;
          r1v1 += v_22 * w_6;
          const float v_23 = window[43];
          r1v1 += v_23 * w_7;
          const float v_24 = window[44];
          r1v1 += v_24 * w_8;
        }
        if (is_last) {
          const float t = maximum(r0v0, 0.0f);
          const float t_1 = maximum(r0v1, 0.0f);
          const float t_2 = maximum(r1v0, 0.0f);
          const float t_3 = maximum(r1v1, 0.0f);
          r0v0 = minimum(t, 6.0f);
          r0v1 = minimum(t_1, 6.0f);
          r1v0 = minimum(t_2, 6.0f);
          r1v1 = minimum(t_3, 6.0f);
        }
        if (0 < inside_rows) {
          if (inside_columns > 0) output_window[0] = r0v0;
          if (lanes1 > 0) output_window[1] = r0v1;
        }
        if (1 < inside_rows) {
          if (inside_columns > 0) output_window[5] = r1v0;
          if (lanes1 > 0) output_window[6] = r1v1;
        }
      }
    }
  }
}
