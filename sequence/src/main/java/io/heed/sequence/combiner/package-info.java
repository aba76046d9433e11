/**
 * Combiner: Full Attention Transformer with Sparse Computation Cost. Ren et al., NeurIPS 2021, arXiv 2107.05768.
 *
 * <p>Attention as a conditional expectation: some keys exactly, all others through groups, each with one logit and a
 * distribution within the group that many queries share. Every query reaches every key that it may see, in every head:
 *
 * <pre>
 *   p(j | i) = p(j direct),  or  p(group r | i) p(j | r) for j in group r
 *   logits q_i . k_j and q_i . kbar_r, one softmax over both;   q is divided by sqrt(d) beforehand
 *   vbar_r = sum_{j in r} softmax_j(qbar_r . k_j) v_j,   qbar, kbar: largest of q, k over the group, channel by channel
 * </pre>
 *
 * <p>The patterns, for token p:
 * <ul>
 * <li>fixed: the keys of the own segment of S up to p, and the segments before it as groups: N (S + N / S);</li>
 * <li>log-sparse: itself, and for each c = 2^l with floor(p / c) odd, the c tokens before its aligned block: N log
 * N;</li>
 * <li>axial mixture, rows of S: own column and row exactly; the columns above, and the left and right parts of the rows
 * above, as groups of running maxima: N sqrt N;</li>
 * <li>axial row-major: own row exactly; each row above by one group of its attention at p's column: N sqrt N.</li>
 * </ul>
 *
 * <p>All but the log-sparse one also look both ways: the fixed and the row-major one without masks, so that the own
 * segment or row counts exactly and as a group; the mixture by stretches above, below, left and right of running sums.
 *
 * <p>The first two run through the gather kernel: a token's summaries and exact keys are its list. The axial ones are
 * dense products already. Decoding keeps of fixed S + N / S rows; of log-sparse all keys and values and log N groups;
 * of the axial ones a row, and keys and values of every place of the rows above.
 */
package io.heed.sequence.combiner;
