package io.heed.catalog;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;

import io.heed.train.NearestName;

/**
 * All systems: the 49 published ones, built or not, and the baseline that they are compared with. The list comes from a
 * resource, what is built from the {@link FamilyCatalog}s on the class path. Loads no native library.
 */
public final class Catalog {
    /** The baseline's id: plain softmax attention, none of the 49. */
    public static final String BASELINE = "softmax";
    private static final String RESOURCE = "systems.tsv";
    private static final int FIELDS = 5;
    private static final Map<String, SystemCard> LISTED = read();

    private final Map<String, Listing> listings;
    private final Map<String, Map<String, GoldenModule>> checks;

    /**
     * A system as the catalogue shows it.
     *
     * @param card  its card; without claims while it is not built
     * @param entry what is built, if it is
     */
    public record Listing(SystemCard card, Optional<SystemEntry> entry) {
        /** Whether Heed builds it, and all of it. */
        public boolean isBuilt() {
            return entry.map(SystemEntry::isComplete).orElse(false);
        }

        /** Whether it is the baseline rather than one of the published systems. */
        public boolean isBaseline() {
            return card.id().equals(BASELINE);
        }
    }

    private Catalog(Map<String, Listing> listings, Map<String, Map<String, GoldenModule>> checks) {
        this.listings = Collections.unmodifiableMap(listings);
        this.checks = checks;
    }

    /** The catalogue with every family on the class path. */
    public static Catalog load() {
        List<SystemEntry> built = new ArrayList<>();
        Map<String, Map<String, GoldenModule>> checks = new LinkedHashMap<>();
        ServiceLoader.load(FamilyCatalog.class).forEach(family -> {
            built.addAll(family.systems());
            checks.putAll(family.checks());
        });
        return of(built, checks);
    }

    /**
     * The catalogue with these systems built.
     *
     * @throws IllegalStateException when one of them is not listed, is listed in another family, or comes twice
     */
    static Catalog of(Collection<SystemEntry> built) {
        return of(built, Map.of());
    }

    private static Catalog of(Collection<SystemEntry> built, Map<String, Map<String, GoldenModule>> checks) {
        Map<String, Listing> listings = new LinkedHashMap<>();
        LISTED.forEach((id, card) -> listings.put(id, new Listing(card, Optional.empty())));
        for (SystemEntry entry : built) {
            SystemCard card = entry.card();
            Listing listed = listings.get(card.id());
            if (listed == null) {
                throw new IllegalStateException("system '" + card.id() + "' is built but not in " + RESOURCE);
            }
            if (listed.entry().isPresent()) {
                throw new IllegalStateException("system '" + card.id() + "' is built twice");
            }
            if (listed.card().family() != card.family()) {
                throw new IllegalStateException("system '" + card.id() + "' is built in " + card.family().title()
                        + " but listed in " + listed.card().family().title());
            }
            listings.put(card.id(), new Listing(card, Optional.of(entry)));
        }
        return new Catalog(listings, checks);
    }

    /**
     * The card of a listed system, without claims: where a system's own card starts.
     *
     * @throws IllegalArgumentException when there is no such system
     */
    public static SystemCard card(String id) {
        SystemCard card = LISTED.get(id);
        if (card == null) {
            throw unknown(id);
        }
        return card;
    }

    /** The published systems, by family, then by name. */
    public List<Listing> systems() {
        return listings.values().stream().filter(listing -> !listing.isBaseline()).toList();
    }

    /** The baseline. */
    public Listing baseline() {
        return listings.get(BASELINE);
    }

    /** A system or the baseline, by id. */
    public Optional<Listing> find(String id) {
        return Optional.ofNullable(listings.get(id));
    }

    /**
     * A system or the baseline, by id.
     *
     * @throws IllegalArgumentException when there is none, with the nearest known id
     */
    public Listing get(String id) {
        return find(id).orElseThrow(() -> unknown(id));
    }

    /** The golden modules of a system, or of something else that golden cases check; nothing where none is built. */
    Optional<Map<String, GoldenModule>> golden(String system) {
        return Optional.ofNullable(checks.get(system)).or(() -> find(system).flatMap(Listing::entry)
                .map(SystemEntry::golden));
    }

    private static IllegalArgumentException unknown(String id) {
        return new IllegalArgumentException("unknown system '" + id + "'"
                + NearestName.of(id, LISTED.keySet()).map(name -> ": did you mean '" + name + "'?")
                        .orElse("; 'heed systems' lists them"));
    }

    /** Fields of a line: id, family, title, purpose, paper. */
    private static Map<String, SystemCard> read() {
        Map<String, SystemCard> cards = new LinkedHashMap<>();
        try (InputStream in = Catalog.class.getResourceAsStream(RESOURCE)) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            for (String line : text.lines().toList()) {
                String[] fields = line.split("\t");
                if (fields.length != FIELDS) {
                    throw new IllegalStateException(RESOURCE + ": not " + FIELDS + " fields: " + line);
                }
                cards.put(fields[0], new SystemCard(fields[0], fields[2], Family.named(fields[1]), fields[3], fields[4],
                        List.of()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return cards;
    }
}
