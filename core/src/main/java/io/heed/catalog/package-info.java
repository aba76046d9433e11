/**
 * What Heed knows about the published systems: the {@link io.heed.catalog.Catalog} of all of them, their
 * {@link io.heed.catalog.SystemCard cards}, the {@link io.heed.catalog.GoldenCase golden cases} that hold them to their
 * authors' implementations and the {@link io.heed.catalog.Study studies} that test their papers' claims.
 *
 * <p>Listing the catalogue loads no native library.
 */
package io.heed.catalog;
