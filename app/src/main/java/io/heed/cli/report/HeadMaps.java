package io.heed.cli.report;

import java.util.List;
import java.util.Locale;

/** Small pictures of attention maps, a row for each layer: queries down, keys across. */
public final class HeadMaps {
    private final StringBuilder html = new StringBuilder("<div class=\"maps\">\n");

    /**
     * Adds a layer.
     *
     * @param layer    its number
     * @param heads    numbers of its heads
     * @param maps     a square for each head, weights from 0 to 1
     * @param captions a few words for each head
     */
    public HeadMaps layer(int layer, List<Integer> heads, List<float[][]> maps, List<String> captions) {
        html.append("<p class=\"layer\">layer ").append(layer).append("</p><div class=\"row\">\n");
        for (int i = 0; i < heads.size(); i++) {
            html.append(String.format(Locale.ROOT,
                    "<button type=\"button\" class=\"map\" data-head=\"%d.%d\"><img alt=\"%s\""
                    + " src=\"%s\"><span>%d.%d</span> <small>%s</small></button>%n", layer, heads.get(i),
                    Html.text("attention map of layer " + layer + ", head " + heads.get(i)), Png.address(maps.get(i)),
                    layer,
                    heads.get(i), Html.text(captions.get(i))));
        }
        html.append("</div>\n");
        return this;
    }

    /** All of them. */
    public String html() {
        return html + "</div>\n";
    }
}
