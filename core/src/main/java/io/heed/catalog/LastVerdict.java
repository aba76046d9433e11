package io.heed.catalog;

import java.time.Instant;

/**
 * What a system's last study found.
 *
 * @param system  the system's id
 * @param verdict the outcome and why
 * @param budget  the time the study was given
 * @param time    when it began
 */
public record LastVerdict(String system, Verdict verdict, Budget budget, Instant time) { }
