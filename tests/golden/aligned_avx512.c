/* aligned: kernel conv3x3_1x1x16_j2_i48_o32_r48_hard_swish. Vectors: vector16, 16 floats. */
#include "aligned_kernels.h"

void aligned_conv3x3_1x1x16_j2_i48_o32_r48_hard_swish(const void *arguments, size_t begin, size_t end)
{
  const struct aligned_conv3x3_1x1x16_j2_i48_o32_r48_hard_swish_arguments *const a = arguments;
  const float *const input = a->input;
  float *const output = a->output;
  const float *const residual = a->residual;
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
  const ptrdiff_t residual_channel = a->residual_channel;
  const ptrdiff_t residual_first = a->residual_first;
  for (size_t point = begin; point < end; point++) {
    const ptrdiff_t g = (ptrdiff_t)point % groups;
    const ptrdiff_t x = (ptrdiff_t)point / groups % columns;
    const ptrdiff_t y = (ptrdiff_t)point / groups / columns;
    const ptrdiff_t input_tile = input_first + y * 48 + x * 16;
    const ptrdiff_t output_tile = output_first + y * 32 + x * 16;
    const ptrdiff_t residual_tile = residual_first + y * 48 + x * 16;
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
        const ptrdiff_t filter = (ptrdiff_t)reorder[f * 2];
        const ptrdiff_t filter_1 = (ptrdiff_t)reorder[1 + f * 2];
        float *const output_window = output + (output_tile + filter * output_channel);
        float *const output_window_1 = output + (output_tile + filter_1 * output_channel);
        vec a0r0v0;
        vec a1r0v0;
        if (is_first) {
          a0r0v0 = broadcast(bias[filter]);
          a1r0v0 = broadcast(bias[filter_1]);
        } else {
          a0r0v0 = load_aligned(output_window);
          a1r0v0 = load_aligned(output_window_1);
        }
        const ptrdiff_t kernels = (ptrdiff_t)offset[row];
        const ptrdiff_t runs = row * 2;
        const ptrdiff_t run1 = kernels + (ptrdiff_t)stride[runs + 1];
        for (ptrdiff_t k = kernels + (ptrdiff_t)stride[runs]; k < run1; k++) {
          const float *const window = input + (input_block + (ptrdiff_t)index[k] * input_channel);
          const ptrdiff_t first_weight = k * 18;
          const vec v = load_aligned(window);
          const vec v_1 = load_aligned(window + 16);
          const vec v_2 = __builtin_shufflevector(v, v_1, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
          const vec w = broadcast(weight[first_weight]);
          a0r0v0 += v_2 * w;
          const vec w_1 = broadcast(weight[first_weight + 1]);
          a1r0v0 += v_2 * w_1;
          const vec w_2 = broadcast(weight[first_weight + 2]);
          a0r0v0 += v_1 * w_2;
          const vec w_3 = broadcast(weight[first_weight + 3]);
          a1r0v0 += v_1 * w_3;
          const vec v_3 = load_aligned(window + 32);
          const vec v_4 = __builtin_shufflevector(v_1, v_3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
          const vec w_4 = broadcast(weight[first_weight + 4]);
          a0r0v0 += v_4 * w_4;
          const vec w_5 = broadcast(weight[first_weight + 5]);
          a1r0v0 += v_4 * w_5;
          const vec v_5 = load_aligned(window + 48);
          const vec v_6 = load_aligned(window + 64);
          const vec v_7 = __builtin_shufflevector(v_5, v_6, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
          const vec w_6 = broadcast(weight[first_weight + 6]);
          a0r0v0 += v_7 * w_6;
          const vec w_7 = broadcast(weight[first_weight + 7]);
          a1r0v0 += v_7 * w_7;
          const vec w_8 = broadcast(weight[first_weight + 8]);
          a0r0v0 += v_6 * w_8;
          const vec w_9 = broadcast(weight[first_weight + 9]);
          a1r0v0 += v_6 * w_9;
          const vec v_8 = load_aligned(window + 80);
          const vec v_9 = __builtin_shufflevector(v_6, v_8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
          const vec w_10 = broadcast(weight[first_weight + 10]);
          a0r0v0 += v_9 * w_10;
          const vec w_11 = broadcast(weight[first_weight + 11]);
          a1r0v0 += v_9 * w_11;
          const vec v_10 = load_aligned(window + 96);
          const vec v_11 = load_aligned(window + 112);
          const vec v_12 = __builtin_shufflevector(v_10, v_11, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
          const vec w_12 = broadcast(weight[first_weight + 12]);
          a0r0v0 += v_12 * w_12;
          const vec w_13 = broadcast(weight[first_weight + 13]);
          a1r0v0 += v_12 * w_13;
          const vec w_14 = broadcast(weight[first_weight + 14]);
          a0r0v0 += v_11 * w_14;
          const vec w_15 = broadcast(weight[first_weight + 15]);
          a1r0v0 += v_11 * w_15;
          const vec v_13 = load_aligned(window + 128);
          const vec v_14 = __builtin_shufflevector(v_11, v_13, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
          const vec w_16 = broadcast(weight[first_weight + 16]);
          a0r0v0 += v_14 * w_16;
          const vec w_17 = broadcast(weight[first_weight + 17]);
          a1r0v0 += v_14 * w_17;
        }
        if (is_last) {
          const float *const residual_window = residual + (residual_tile + filter * residual_channel);
          const float *const residual_window_1 = residual + (residual_tile + filter_1 * residual_channel);
          const vec shortcut = load_aligned(residual_window);
          const vec shortcut_1 = load_aligned(residual_window_1);
          const vec t = a0r0v0 + shortcut;
          const vec t_1 = a1r0v0 + shortcut_1;
          const vec constant = broadcast(3.0f);
          const vec t_2 = t + constant;
          const vec zeros = broadcast(0.0f);
          const vec t_3 = maximum(t_2, zeros);
          const vec constant_1 = broadcast(6.0f);
          const vec t_4 = minimum(t_3, constant_1);
          const vec constant_2 = broadcast(0.16666667f);
          const vec t_5 = t_4 * constant_2;
          const vec t_6 = t_1 + constant;
          const vec t_7 = maximum(t_6, zeros);
          const vec t_8 = minimum(t_7, constant_1);
          const vec t_9 = t_8 * constant_2;
          a0r0v0 = t * t_5;
          a1r0v0 = t_1 * t_9;
        }
        store(output_window, a0r0v0);
        store(output_window_1, a1r0v0);
      }
    }
  }
}
