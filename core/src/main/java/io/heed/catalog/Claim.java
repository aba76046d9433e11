package io.heed.catalog;

/**
 * Something that a paper claims and a study can test.
 *
 * @param id        a short name, unique within the system
 * @param statement the claim in one sentence, with its number where it has one
 * @param source    where the paper says so, e.g. {@code "table 3"}
 */
public record Claim(String id, String statement, String source) { }
