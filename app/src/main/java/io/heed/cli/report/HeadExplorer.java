package io.heed.cli.report;

import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

/**
 * One head at a time on the text itself: tokens are coloured by the attention that they draw, or, under the pointer, by
 * where that token looks; beside it the whole map. Without a script the text stays coloured for the head that is shown
 * first.
 */
public final class HeadExplorer {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final List<String> tokens;
    private final float[] surprise;
    private final Map<String, String> maps = new LinkedHashMap<>();
    private final Map<String, float[]> drawn = new LinkedHashMap<>();
    private String first;

    /**
     * @param tokens   the text, token by token
     * @param surprise how many nats each token surprised the model by; NaN for none
     */
    public HeadExplorer(List<String> tokens, float[] surprise) {
        this.tokens = List.copyOf(tokens);
        this.surprise = surprise.clone();
    }

    /**
     * Adds a head.
     *
     * @param weights (tokens, tokens), queries down, from 0 to 1
     */
    public HeadExplorer head(int layer, int head, float[][] weights) {
        int n = tokens.size();
        byte[] shades = new byte[n * n];
        float[] received = new float[n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                shades[i * n + j] = (byte) Png.shade(weights[i][j]);
                received[j] += weights[i][j] / (n - j);
            }
        }
        String name = layer + "." + head;
        maps.put(name, Base64.getEncoder().encodeToString(shades));
        drawn.put(name, received);
        first = first == null ? name : first;
        return this;
    }

    /** Shows this head first. */
    public HeadExplorer first(int layer, int head) {
        first = layer + "." + head;
        return this;
    }

    /** The fragment. */
    public String html() {
        StringBuilder html = new StringBuilder("<div class=\"explorer\" id=\"explorer\" data-first=\"").append(first)
                .append("\">\n<div class=\"pick\"></div>\n<div class=\"sides\"><div class=\"reading\"><p class=\"said"
                        + " note\">"
                        + "Colour: attention that each token draws from those after it, head ").append(first)
                .append("</p>\n<div class=\"text\">");
        float[] received = drawn.get(first);
        for (int i = 0; i < tokens.size(); i++) {
            html.append("<span style=\"--s:").append(Math.round(100 * Math.sqrt(Math.min(1, received[i]))))
                    .append("%\" data-i=\"")
                    .append(i).append("\">").append(Html.text(tokens.get(i))).append("</span>");
        }
        html.append("</div>\n<ol class=\"where\"></ol></div>\n<canvas class=\"grid\" width=\"1\" height=\"1\""
                + " role=\"img\""
                + " aria-label=\"attention map, queries down, keys across\"></canvas></div>\n<script"
                + " type=\"application/json\">")
                .append(Html.scriptData(data())).append("</script></div>\n");
        return html.toString();
    }

    private String data() {
        List<Double> nats = new ArrayList<>();
        for (float one : surprise) {
            nats.add(Float.isNaN(one) ? null : Math.round(100.0 * one) / 100.0);
        }
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("tokens", tokens);
        data.put("surprise", nats);
        data.put("maps", maps);
        try {
            return MAPPER.writeValueAsString(data);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
