package io.heed.cli.compare;

/**
 * What one model reached: kept in its folder, so that a resumed comparison need not train it again.
 *
 * @param mixer      the mixer as the user wrote it
 * @param parameters trained numbers in the model
 * @param steps      steps done
 * @param run        figures and history
 * @param prompt     what {@code sample} continues
 * @param sample     text that the model wrote; empty for tasks without text
 */
record ArmResult(String mixer, long parameters, long steps, SeedRun run, String prompt, String sample) { }
