package io.heed.catalog;

import java.util.List;
import java.util.Map;

/** The systems that one module of the build implements; found through {@link java.util.ServiceLoader}. */
public interface FamilyCatalog {
    Family family();

    /** The systems, in the order in which to show them. */
    List<SystemEntry> systems();

    /**
     * Golden cases of the family's ground rather than of a published system: their modules, by the cases'
     * {@code system}.
     */
    default Map<String, Map<String, GoldenModule>> checks() {
        return Map.of();
    }

    /** What this family adds to the studies of other families' systems. */
    default List<StudyPart> parts() {
        return List.of();
    }
}
