/**
 * Landmark attention: Random-Access Infinite Context Length for Transformers. Mohtashami, Jaggi, NeurIPS 2023, arXiv
 * 2305.16300.
 *
 * <p>A landmark token closes each block of f ordinary tokens. A query's weight on an earlier token is the weight of
 * that block's landmark times the softmax inside the block (section 3.1). With x_ij = q_i . k_j / sqrt(d) and b(j) the
 * block of token j:
 *
 * <pre>
 *   gate_i: one softmax of x_i over the landmarks of earlier blocks and the tokens of i's own block up to i
 *   w_ij = gate_ij                                                   j in i's own block
 *   w_ij = gate_i,landmark(b(j)) * softmax of x_i over b(j)'s tokens    j in an earlier block
 * </pre>
 *
 * <p>The landmark of the own block is ignored, and no landmark's value is read. Rows sum up to 1.
 *
 * <p>Reading a long text (section 3.2), chunk by chunk: keys and values of complete blocks are kept before their
 * rotary positions; each query takes its k best blocks by their landmarks, and attends to them, to the incomplete last
 * block and to its chunk. Stingy positions: the k blocks take the k + 1 places before the chunk, the first of them
 * shared by all blocks but the newest k.
 *
 * <p>Operations a token and head: 2 d N / (f + 1) for landmarks and 4 d k (f + 1) for blocks, instead of 4 d N.
 */
package io.heed.sequence.landmark;
