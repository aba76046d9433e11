package io.heed.cli.report;

import java.util.Map;

/** Small pieces of HTML. Text given to these methods is escaped; fragments ({@code String html}) are not. */
public final class Html {
    private Html() { }

    /** Text that is safe between tags and in quoted attributes. */
    public static String text(String raw) {
        StringBuilder safe = new StringBuilder(raw.length() + 16);
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            switch (c) {
                case '&' -> safe.append("&amp;");
                case '<' -> safe.append("&lt;");
                case '>' -> safe.append("&gt;");
                case '"' -> safe.append("&quot;");
                case '\'' -> safe.append("&#39;");
                default -> safe.append(c);
            }
        }
        return safe.toString();
    }

    /** A paragraph of plain text. */
    public static String paragraph(String raw) {
        return "<p>" + text(raw) + "</p>\n";
    }

    /** A paragraph in small, quiet type. */
    public static String note(String raw) {
        return "<p class=\"note\">" + text(raw) + "</p>\n";
    }

    /** A command or other text in fixed width, with a button that copies it. */
    public static String code(String raw) {
        return "<div class=\"code\"><pre>" + text(raw)
                + "</pre><button type=\"button\" class=\"copy\">Copy</button></div>\n";
    }

    /** Names and values, side by side. */
    public static String facts(Map<String, String> facts) {
        StringBuilder html = new StringBuilder("<dl class=\"facts\">\n");
        facts.forEach((name, value) -> html.append("<div><dt>").append(text(name)).append("</dt><dd>")
                .append(text(value))
                .append("</dd></div>\n"));
        return html.append("</dl>\n").toString();
    }

    /** Text that a model wrote: the prompt in quiet type, then the continuation. */
    public static String sample(String name, int colour, String prompt, String continuation) {
        return "<figure class=\"sample\"><figcaption>" + swatch(colour) + text(name) + "</figcaption>"
                + "<blockquote><span class=\"prompt\">" + text(prompt) + "</span>" + text(continuation)
                + "</blockquote></figure>\n";
    }

    /** A short line in the colour and dashes of curve {@code colour}. */
    public static String swatch(int colour) {
        return "<svg class=\"swatch\" viewBox=\"0 0 26 8\" aria-hidden=\"true\"><path class=\"line "
                + colourClass(colour)
                + "\" d=\"M0 4H26\"/></svg>";
    }

    /** The style class of curve {@code colour}; colours repeat after eight. */
    static String colourClass(int colour) {
        return "c" + Math.floorMod(colour, 8);
    }

    /** JSON that is safe inside a script element. */
    static String scriptData(String json) {
        return json.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026");
    }
}
