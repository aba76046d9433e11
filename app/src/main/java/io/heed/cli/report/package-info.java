/**
 * Reports as one self-contained HTML file: no network, no scripts from elsewhere, readable in light and dark, on a
 * phone and on paper.
 *
 * <p>A {@link io.heed.cli.report.Page} is the shell with style and script; {@link io.heed.cli.report.LineChart},
 * {@link io.heed.cli.report.Grid} and {@link io.heed.cli.report.Html} make what goes into it.
 */
package io.heed.cli.report;
