/**
 * Multi-query associative recall, from Zoology (Arora et al., "Zoology: Measuring and Improving Recall in Efficient Language
 * Models", ICLR 2024, arXiv 2312.04927). The generator is {@link io.heed.data.Mqar}, the task
 * {@link io.heed.sequence.MqarTask}; the paper's mixers are not built.
 */
package io.heed.sequence.zoology;
