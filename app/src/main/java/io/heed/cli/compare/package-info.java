/**
 * The main job: several mixers trained side by side in the same backbone, on the same batches, under the same budget.
 *
 * <p>{@link io.heed.cli.compare.CompareSettings} says what to run, {@link io.heed.cli.compare.Comparison} runs it and
 * returns a {@link io.heed.cli.compare.ComparisonResult}, which the terminal table, the JSON lines and the report page
 * show.
 */
package io.heed.cli.compare;
