package io.heed.cli.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * One self-contained HTML page: a title, a headline sentence and sections, with style and script inlined. A content
 * security policy in the page forbids it to load anything.
 */
public final class Page {
    private final String title;
    private final StringBuilder body = new StringBuilder();
    private final StringBuilder style = new StringBuilder(resource("report.css"));
    private final StringBuilder script = new StringBuilder(resource("report.js"));

    /**
     * @param title    what the page is about, for the browser's tab and the page's top line
     * @param about    a few words beside the title, e.g. when it was made; may be empty
     * @param headline what was found, in a sentence or two
     */
    public Page(String title, String about, String headline) {
        this.title = title;
        body.append("<header><p class=\"brand\"><strong>").append(Html.text(title)).append("</strong> <span>")
                .append(Html.text(about)).append("</span></p>\n<h1>").append(Html.text(headline))
                .append("</h1></header>\n");
    }

    /** Adds a section with a heading; {@code html} is a fragment made by this package. */
    public Page section(String heading, String html) {
        body.append("<section><h2>").append(Html.text(heading)).append("</h2>\n").append(html).append("</section>\n");
        return this;
    }

    /** Adds what {@link HeadMaps} and {@link HeadExplorer} need. */
    public Page withHeads() {
        style.append(resource("heads.css"));
        script.append(resource("heads.js"));
        return this;
    }

    /** The whole page. */
    public String html() {
        return """
                <!DOCTYPE html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <meta name="color-scheme" content="light dark">
                <meta http-equiv="Content-Security-Policy" \
                content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
                <title>""" + Html.text(title) + "</title>\n<style>\n" + style
                + "</style>\n</head>\n<body>\n<main>\n" + body
                + "</main>\n<script>\n" + script + "</script>\n</body>\n</html>\n";
    }

    private static String resource(String name) {
        try (InputStream in = Page.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
