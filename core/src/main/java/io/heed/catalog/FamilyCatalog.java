package io.heed.catalog;

import java.util.List;

/** The systems that one module of the build implements; found through {@link java.util.ServiceLoader}. */
public interface FamilyCatalog {
    Family family();

    /** The systems, in the order in which to show them. */
    List<SystemEntry> systems();
}
