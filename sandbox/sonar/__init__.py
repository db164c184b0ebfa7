"""The Sonar sandbox: a GraphQL server over a generated tenant."""
