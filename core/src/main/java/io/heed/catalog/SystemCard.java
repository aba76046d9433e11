package io.heed.catalog;

import java.util.List;

/**
 * What a system is, for people who choose one.
 *
 * @param id      as in commands and golden cases, e.g. {@code lightning-attention}
 * @param title   its name
 * @param family  where it belongs
 * @param purpose what it is for, in one line
 * @param paper   title, first authors, venue and number of the paper
 * @param claims  what its studies test; empty while it is not built
 */
public record SystemCard(String id, String title, Family family, String purpose, String paper, List<Claim> claims) {
    public SystemCard {
        claims = List.copyOf(claims);
    }

    /** The same card with these claims. */
    public SystemCard withClaims(Claim... claims) {
        return new SystemCard(id, title, family, purpose, paper, List.of(claims));
    }
}
