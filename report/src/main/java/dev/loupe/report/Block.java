package dev.loupe.report;

/** Hold one piece of a report: each kind is a plain value that validates itself. */
public sealed interface Block
    permits Section,
        Prose,
        Bullets,
        KeyFigures,
        Table,
        Heatmap,
        BarChart,
        LineChart,
        ScatterChart,
        TokenGrid,
        AttentionView,
        Prompts,
        CircuitGraph,
        Provenance,
        Command {}
