package io.heed.cli.compare;

import java.util.ArrayList;
import java.util.List;

import io.heed.cli.output.Figures;
import io.heed.cli.report.Grid;
import io.heed.cli.report.Html;
import io.heed.cli.report.Page;

/** The HTML report of a comparison. */
public final class ComparisonPage {
    private ComparisonPage() { }

    /**
     * The page.
     *
     * @param result what to show
     * @param when   when it was made, as text
     */
    public static String html(ComparisonResult result, String when) {
        Page page = new Page("heed compare", result.data() + ", " + when, Headline.of(result));
        page.section("Result", grid(result) + Html.note(explanation(result)));
        page.section("Curves", curves(result));
        if (result.mixers().stream().anyMatch(mixer -> !mixer.sample().isEmpty())) {
            page.section("What each model writes", samples(result));
        }
        page.section("Settings", Html.facts(result.settings()));
        page.section("Machine", Html.facts(result.machine()));
        page.section("Do it again", Html.code(result.command())
                + Html.note("The whole comparison took " + Figures.duration(result.seconds()) + "."));
        return page.html();
    }

    private static String grid(ComparisonResult result) {
        List<Measure> measures = Measure.of(result);
        List<String> columns = new ArrayList<>(List.of("Mixer"));
        measures.forEach(measure -> columns.add(measure.heading()));
        Grid grid = new Grid(columns);
        for (int i = 0; i < result.mixers().size(); i++) {
            MixerResult mixer = result.mixers().get(i);
            List<Grid.Cell> cells = new ArrayList<>();
            cells.add(new Grid.Cell(mixer.mixer(), "", false, -1, Html.swatch(i)));
            for (Measure measure : measures) {
                boolean sized = measure.name().endsWith("/s") || measure.name().endsWith("memory")
                        || measure.name().endsWith("state");
                cells.add(new Grid.Cell(measure.text(mixer), measure.spread(mixer),
                        measure.isBest(mixer, result.mixers()), sized ? measure.share(mixer, result.mixers()) : -1,
                        ""));
            }
            grid.row(cells);
        }
        return grid.html();
    }

    private static String explanation(ComparisonResult result) {
        int seeds = result.mixers().getFirst().runs().size();
        return "★ best of its column; " + result.metric() + ": " + (result.higherIsBetter() ? "higher" : "lower")
                + " is better. "
                + (seeds > 1 ? "Mean ± standard deviation over " + seeds + " seeds. " : "")
                + "Step memory: what a training step takes on top of the model and its optimiser."
                + (result.mixers().stream().anyMatch(mixer -> mixer.stateBytes() > 0)
                        ? " Decoding state: what one sequence of the training length keeps in memory." : "");
    }

    private static String curves(ComparisonResult result) {
        StringBuilder html = new StringBuilder("<div class=\"charts\">\n"
                + "<div class=\"switch\" role=\"radiogroup\" aria-label=\"Horizontal axis\">"
                + "<label><input type=\"radio\" name=\"axis\" value=\"steps\" checked>Over steps</label>"
                + "<label><input type=\"radio\" name=\"axis\" value=\"seconds\">Over seconds</label></div>\n<ul"
                + " class=\"legend\">");
        for (int i = 0; i < result.mixers().size(); i++) {
            html.append("<li>").append(Html.swatch(i)).append(Html.text(result.mixers().get(i).mixer()))
                    .append("</li>");
        }
        html.append("</ul>\n<div class=\"pair\">\n").append(LossCurves.training(result).html());
        html.append(LossCurves.validation(result).html());
        // On text the metric is the loss in another unit: its curve would be the same picture again.
        if (result.higherIsBetter()) {
            html.append(LossCurves.metric(result).html());
        }
        return html.append("</div>\n</div>\n")
                .append(Html.note("Seconds are each model's own training time; its rivals' "
                + "turns, evaluations and saves do not count. A band goes from the lowest to the highest seed."))
                .toString();
    }

    private static String samples(ComparisonResult result) {
        StringBuilder html = new StringBuilder("<div class=\"samples\">\n");
        for (int i = 0; i < result.mixers().size(); i++) {
            MixerResult mixer = result.mixers().get(i);
            if (!mixer.sample().isEmpty()) {
                html.append(Html.sample(mixer.mixer(), i, mixer.prompt(), mixer.sample()));
            }
        }
        return html.append("</div>\n").toString();
    }
}
